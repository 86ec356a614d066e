# SPDX-License-Identifier: MIT
# Runs FIRST and SECOND, which must both succeed and print the same text.

foreach(form FIRST SECOND)
  execute_process(COMMAND "${${form}}" OUTPUT_VARIABLE printed_${form} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${${form}} ended with ${status}")
  endif()
  string(LENGTH "${printed_${form}}" length)
  if(length LESS 100)
    message(FATAL_ERROR "${${form}} printed nothing to compare: ${printed_${form}}")
  endif()
endforeach()
if(NOT "${printed_FIRST}" STREQUAL "${printed_SECOND}")
  message(FATAL_ERROR "the two forms differ.\nHeaders alone:\n${printed_FIRST}\nlibration::compiled:\n${printed_SECOND}")
endif()
