# SPDX-License-Identifier: MIT
# Every header alone: cmake --build BUILD --target libration_headers_alone
#
# A header that includes Eigen itself, or through core/config.hpp, finds <Eigen/Core> precompiled. That hides nothing: the names
# that its text sees are the same, and what it includes is compiled alone too. Headers that do nothing but include others are
# left out.

file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/libration/*.hpp")
set(sources "")
foreach(header IN LISTS headers)
  set(path "${PROJECT_SOURCE_DIR}/include/${header}")
  file(STRINGS "${path}" own_text LIMIT_COUNT 1 REGEX "^[^/#]")
  if("${own_text}" STREQUAL "")
    continue()
  endif()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${header}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n")
  list(APPEND sources "${source}")
  file(STRINGS "${path}" eigen LIMIT_COUNT 1 REGEX "^#include <(Eigen/Core|libration/core/config.hpp)>")
  if("${eigen}" STREQUAL "")
    set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  endif()
endforeach()

add_library(libration_headers_alone OBJECT EXCLUDE_FROM_ALL ${sources})
target_link_libraries(libration_headers_alone PRIVATE libration::libration libration_warnings)
target_precompile_headers(libration_headers_alone PRIVATE <Eigen/Core>)
