// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Results as text, as tables and as JSON, pictures as gnuplot's scripts, and a progress bar.

#include <libration/report/attention_table.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_attention.hpp>
#include <libration/report/format_diagnosis.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/format_memory.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/json.hpp>
#include <libration/report/json_attention.hpp>
#include <libration/report/json_diagnosis.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/json_memory.hpp>
#include <libration/report/progress_bar.hpp>
