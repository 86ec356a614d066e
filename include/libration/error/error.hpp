// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Error accumulation: how small errors grow, where they saturate, how long a run can be trusted.

#include <libration/error/covariance.hpp>
#include <libration/error/exposure_bias.hpp>
#include <libration/error/finite_size.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/error/growth_ensemble.hpp>
#include <libration/error/growth_law.hpp>
#include <libration/error/growth_law_result.hpp>
#include <libration/error/horizon.hpp>
#include <libration/error/kreiss_constant.hpp>
#include <libration/error/kullback_leibler.hpp>
#include <libration/error/model_exposure_bias.hpp>
#include <libration/error/noise_covariance.hpp>
#include <libration/error/numerical_radius.hpp>
#include <libration/error/power_growth.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/error/transient_growth.hpp>
