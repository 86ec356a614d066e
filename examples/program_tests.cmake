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

# libration_write_safetensors(<file> <metadata> <tensor>...): a small file of weights. <metadata>: the inside of its JSON object, or "".
# A tensor is "<name>|<dtype>|<extents, with commas>|<numbers, with blanks>": of -1, 0, 0.5, 1, 2, repeated in turn until its bytes are
# full, 4 bytes each whatever the dtype.
function(libration_write_safetensors file metadata)
  set(bytes_of_-1 "\\000\\000\\200\\277")
  set(bytes_of_0 "\\000\\000\\000\\000")
  set(bytes_of_0.5 "\\000\\000\\000\\077")
  set(bytes_of_1 "\\000\\000\\200\\077")
  set(bytes_of_2 "\\000\\000\\000\\100")
  set(sizes_F32 4)
  set(sizes_I8 1)
  set(header "{\"__metadata__\":{${metadata}}")
  set(data "")
  set(begin 0)
  foreach(tensor IN LISTS ARGN)
    string(REPLACE "|" ";" parts "${tensor}")
    list(GET parts 0 name)
    list(GET parts 1 type)
    list(GET parts 2 extents)
    list(GET parts 3 numbers)
    string(REPLACE "," "*" size "${extents}")
    math(EXPR size "${size}*${sizes_${type}}")
    math(EXPR end "${begin}+${size}")
    string(APPEND header ",\"${name}\":{\"dtype\":\"${type}\",\"shape\":[${extents}],\"data_offsets\":[${begin},${end}]}")
    string(REPLACE " " ";" numbers "${numbers}")
    list(LENGTH numbers count)
    math(EXPR last "${size}/4-1")
    foreach(i RANGE ${last})
      math(EXPR which "${i}%${count}")
      list(GET numbers ${which} number)
      string(APPEND data "${bytes_of_${number}}")
    endforeach()
    set(begin ${end})
  endforeach()
  string(APPEND header "}")
  string(LENGTH "${header}" length)
  # The length in octal digits of its two lowest bytes.
  math(EXPR a "${length}%256/64")
  math(EXPR b "${length}%64/8")
  math(EXPR c "${length}%8")
  math(EXPR d "${length}/256/8")
  math(EXPR e "${length}/256%8")
  cmake_path(GET file PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND printf "\\${a}${b}${c}\\0${d}${e}\\000\\000\\000\\000\\000\\000${header}${data}" OUTPUT_FILE "${file}")
endfunction()
