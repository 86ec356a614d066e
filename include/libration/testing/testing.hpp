// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of the module testing: the laws that every map must satisfy.

#include <libration/testing/laws.hpp>
