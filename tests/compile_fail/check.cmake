# SPDX-License-Identifier: MIT
# cmake -D COMPILER=.. -D SOURCE=.. -D OUTCOME=builds|fails -D INCLUDES=a;b -D DEFINITIONS=A;B -P check.cmake

file(STRINGS "${SOURCE}" expectation REGEX "^// expect: ")
string(REPLACE "// expect: " "" expectation "${expectation}")
if(expectation STREQUAL "")
  message(FATAL_ERROR "${SOURCE} has no line '// expect: <regular expression>'")
endif()

set(flags "")
foreach(include IN LISTS INCLUDES)
  list(APPEND flags "-I${include}")
endforeach()
foreach(definition IN LISTS DEFINITIONS)
  list(APPEND flags "-D${definition}")
endforeach()
if(OUTCOME STREQUAL "fails")
  list(APPEND flags -DLIBRATION_MUST_FAIL)
endif()

# A line "// flags: -fsome -fother": with these the compiler is to refuse the file.
file(STRINGS "${SOURCE}" more REGEX "^// flags: ")
if(more AND OUTCOME STREQUAL "fails")
  string(REPLACE "// flags: " "" more "${more}")
  separate_arguments(more UNIX_COMMAND "${more}")
  list(APPEND flags ${more})
endif()

# Code is generated, since templates are not all instantiated without it, but not optimised.
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -O0 ${flags} -c "${SOURCE}" -o /dev/null
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)

if(OUTCOME STREQUAL "builds")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "does not compile, although it must:\n${output}")
  endif()
elseif(result EQUAL 0)
  message(FATAL_ERROR "compiles with LIBRATION_MUST_FAIL, although it must not")
elseif(NOT output MATCHES "${expectation}")
  message(FATAL_ERROR "fails, but not for the expected reason '${expectation}':\n${output}")
endif()
