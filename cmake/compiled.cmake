# SPDX-License-Identifier: MIT
# libration::compiled: the same headers, with the functions that <module>/definitions/ defines compiled once, in a library. It
# changes what a program's compilation costs and nothing else. The target defines LIBRATION_COMPILED for whoever links it.

# One translation unit a module.
file(GLOB_RECURSE definitions CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
     "${PROJECT_SOURCE_DIR}/include/libration/*/definitions/*.hpp")
set(sources "")
set(modules "")
foreach(header IN LISTS definitions)
  string(REGEX REPLACE "^libration/([a-z]+)/.*" "\\1" module "${header}")
  list(APPEND modules ${module})
  string(APPEND text_of_${module} "#include <${header}>\n")
endforeach()
list(REMOVE_DUPLICATES modules)
foreach(module IN LISTS modules)
  set(source "${PROJECT_BINARY_DIR}/compiled/${module}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "${text_of_${module}}" @ONLY)
  list(APPEND sources "${source}")
endforeach()

add_library(libration_compiled ${sources})
add_library(libration::compiled ALIAS libration_compiled)
target_link_libraries(libration_compiled PUBLIC libration)
target_compile_definitions(libration_compiled PUBLIC LIBRATION_COMPILED)
set_target_properties(libration_compiled PROPERTIES EXPORT_NAME compiled OUTPUT_NAME libration POSITION_INDEPENDENT_CODE ON)
if(NOT LIBRATION_BUILD_COMPILED)
  set_target_properties(libration_compiled PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
