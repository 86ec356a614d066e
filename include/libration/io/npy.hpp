// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything for .npy files: `io::npy::read`, `open`, `parse`, `write`.

#include <libration/io/npy/header.hpp>
#include <libration/io/npy/reader.hpp>
#include <libration/io/npy/writer.hpp>
