# SPDX-License-Identifier: MIT
# How the tests of an example program are written. The including file sets `suite`, which the tests' names begin with, and
# `program`, and gets `shared`, the folder of recorded models (the environment's LIBRATION_SHARED, or ../shared), there or not.

set(shared "$ENV{LIBRATION_SHARED}")
if(shared STREQUAL "")
  set(shared "${PROJECT_SOURCE_DIR}/../shared")
endif()

# libration_add_program_test(<name> <argument>...)
function(libration_add_program_test name)
  add_test(NAME examples.${suite}.${name} COMMAND ${ARGN})
  set_tests_properties(examples.${suite}.${name} PROPERTIES LABELS examples)
endfunction()

# libration_expect(<name> <regular expression>): what a test's output must hold.
function(libration_expect name expect)
  set_tests_properties(examples.${suite}.${name} PROPERTIES PASS_REGULAR_EXPRESSION "${expect}")
endfunction()

# libration_skip(<name>): a test that says that it is skipped.
function(libration_skip name)
  libration_add_program_test(${name} ${CMAKE_COMMAND} -E echo "skipped: no folder of recorded models")
  set_tests_properties(examples.${suite}.${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped")
endfunction()

# libration_add_refusal(<name> <regular expression> <argument>...): the program refuses its arguments in one such line.
function(libration_add_refusal name expect)
  libration_add_program_test(
    refuses_${name} ${CMAKE_COMMAND} -D "EXPECT=${expect}" -P "${PROJECT_SOURCE_DIR}/tests/support/expect_refusal.cmake" --
    ${program} ${ARGN})
endfunction()
