# SPDX-License-Identifier: MIT
# What libration's own programs are compiled with. Never part of libration::libration.

find_program(LIBRATION_CCACHE ccache)
mark_as_advanced(LIBRATION_CCACHE)
if(LIBRATION_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LIBRATION_CCACHE}")
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

add_library(libration_warnings INTERFACE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(
    libration_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
                                 $<$<BOOL:${LIBRATION_WARNINGS_AS_ERRORS}>:-Werror>)
endif()

target_link_libraries(libration_compiled PRIVATE $<BUILD_INTERFACE:libration_warnings>)

# Contracting a*b+c changes a chaotic orbit's digits within fifty steps: tests compute the same ones everywhere.
add_library(libration_test_options INTERFACE)
target_link_libraries(libration_test_options INTERFACE libration::libration libration_warnings)
target_include_directories(libration_test_options INTERFACE "${PROJECT_SOURCE_DIR}/tests")
# Catch2's fast assertions: an exception that none expects ends its test case, not only its assertion.
target_compile_definitions(libration_test_options INTERFACE LIBRATION_SOURCE_DIR="${PROJECT_SOURCE_DIR}" CATCH_CONFIG_FAST_COMPILE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(libration_test_options INTERFACE -ffp-contract=off)
endif()
