// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module tangent: a map's linearisation on a block, finite differences, checks, orthonormalisation.

#include <libration/tangent/any_vector_system.hpp>
#include <libration/tangent/careful_gram_schmidt.hpp>
#include <libration/tangent/check.hpp>
#include <libration/tangent/finite_difference.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/frame.hpp>
#include <libration/tangent/gram_panel.hpp>
#include <libration/tangent/gram_schmidt.hpp>
#include <libration/tangent/orthonormalise.hpp>
#include <libration/tangent/panel_factor.hpp>
#include <libration/tangent/vector_system.hpp>
