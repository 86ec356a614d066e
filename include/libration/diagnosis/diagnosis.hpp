// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Why long runs of a model get worse: interventions, and the share of the degradation that goes with each.

#include <libration/diagnosis/attention_subject.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/degradation.hpp>
#include <libration/diagnosis/diagnose.hpp>
#include <libration/diagnosis/joint_subject.hpp>
#include <libration/diagnosis/map_subject.hpp>
#include <libration/diagnosis/mechanism.hpp>
#include <libration/diagnosis/subject.hpp>
