# SPDX-License-Identifier: MIT
# cmake -D EXPECT=<regular expression> -P expect_refusal.cmake -- PROGRAM ARGUMENT...
# Passes where the program prints nothing but one line on stderr that matches, and ends with status 2.

set(command "")
set(after FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(after)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(after TRUE)
  endif()
endforeach()

execute_process(
  COMMAND ${command}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE error)
string(REGEX MATCHALL "\n" newlines "${error}")
list(LENGTH newlines lines)
if(NOT result EQUAL 2
   OR NOT output STREQUAL ""
   OR NOT lines EQUAL 1
   OR NOT error MATCHES "${EXPECT}")
  message(FATAL_ERROR "status ${result}, expected 2, with one line like '${EXPECT}'\nstdout: ${output}\nstderr: ${error}")
endif()
