// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far states are from reference states, and how soon a chart says so.

#include <libration/drift/adwin.hpp>
#include <libration/drift/calibration.hpp>
#include <libration/drift/conformal_martingale.hpp>
#include <libration/drift/covariance.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/cusum_run_length.hpp>
#include <libration/drift/detector_rule.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/estimator.hpp>
#include <libration/drift/hotelling.hpp>
#include <libration/drift/monitor.hpp>
#include <libration/drift/neighbours.hpp>
#include <libration/drift/page_hinkley.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/reference_file.hpp>
#include <libration/drift/sample_distances.hpp>
#include <libration/drift/score_bag.hpp>
#include <libration/drift/score_process.hpp>
#include <libration/drift/state_monitor.hpp>
#include <libration/drift/writing_drift.hpp>
