// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module scalar: states, and the scalars that a formula may be evaluated in.

#include <libration/scalar/dual.hpp>
#include <libration/scalar/dual_math.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/lanes_mask.hpp>
#include <libration/scalar/lanes_math.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>
#include <libration/scalar/power.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>
