// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything for safetensors files: `io::safetensors::open`, `parse`, `write`.

#include <libration/io/safetensors/header.hpp>
#include <libration/io/safetensors/reader.hpp>
#include <libration/io/safetensors/writer.hpp>
