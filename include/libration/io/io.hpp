// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Everything of `io`: safetensors and .npy files, reading and writing.

#include <libration/io/convert.hpp>
#include <libration/io/element.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/io/half.hpp>
#include <libration/io/npy.hpp>
#include <libration/io/output_file.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/io/shape.hpp>
#include <libration/io/similar_names.hpp>
