// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module maps: what a map is, classical maps, fields and steppers, combinators.

#include <libration/maps/add_noise.hpp>
#include <libration/maps/cat.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/couple.hpp>
#include <libration/maps/doubling.hpp>
#include <libration/maps/euler.hpp>
#include <libration/maps/gauss.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/ikeda.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/kaplan_yorke.hpp>
#include <libration/maps/leapfrog.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/lozi.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/rossler.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/standard.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/maps/tent.hpp>
#include <libration/maps/three_body.hpp>
#include <libration/maps/token_model.hpp>
