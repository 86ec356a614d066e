// SPDX-License-Identifier: MIT
// Catch2 2 wants its main from one translation unit; Catch2 3 is linked with its own (Catch2::Catch2WithMain).
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
