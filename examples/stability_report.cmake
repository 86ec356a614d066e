# SPDX-License-Identifier: MIT
# Tests of the report: that it runs on the bundled network, and on another where it is at hand, and what it refuses.

set(program $<TARGET_FILE:stability_report>)
set(model "${CMAKE_CURRENT_SOURCE_DIR}/models/austen_gru.safetensors")
file(GLOB texts CONFIGURE_DEPENDS data/*.txt)
list(GET texts 0 text)
set(folder "${CMAKE_CURRENT_BINARY_DIR}/report")

# libration_add_report_test(<name> <argument>...)
function(libration_add_report_test name)
  add_test(NAME examples.report.${name} COMMAND ${ARGN})
  set_tests_properties(examples.report.${name} PROPERTIES LABELS examples)
endfunction()

# libration_add_refusal(<name> <regular expression> <argument>...)
function(libration_add_refusal name expect)
  libration_add_report_test(
    refuses_${name} ${CMAKE_COMMAND} -D "EXPECT=${expect}" -P "${PROJECT_SOURCE_DIR}/tests/support/expect_refusal.cmake" --
    ${program} ${ARGN})
endfunction()

libration_add_report_test(bundled ${program} "${model}" "${text}" --steps 400 --count 2 --out "${folder}/bundled")
set_tests_properties(examples.report.bundled PROPERTIES PASS_REGULAR_EXPRESSION "Verdict")

file(WRITE "${folder}/empty.txt" "")
file(WRITE "${folder}/foreign.txt" "\u4e2d\u6587\n")
libration_add_refusal(no_arguments "MODEL")
libration_add_refusal(a_missing_model "nowhere.safetensors.*no such file|No such file" "${folder}/nowhere.safetensors" "${text}")
libration_add_refusal(a_missing_text "nowhere.txt" "${model}" "${folder}/nowhere.txt")
libration_add_refusal(an_empty_text "empty.txt" "${model}" "${folder}/empty.txt")
libration_add_refusal(unknown_characters "foreign.txt" "${model}" "${folder}/foreign.txt")
libration_add_refusal(a_model_that_is_a_text "stability_report: " "${text}" "${text}")
libration_add_refusal(a_model_of_another_kind "matrix" "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/safetensors/matrix" "${text}")
libration_add_refusal(a_negative_option "count" "${model}" "${text}" --count -1)
libration_add_refusal(an_unknown_option "frobnicate" "${model}" "${text}" --frobnicate)
