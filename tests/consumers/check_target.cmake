# SPDX-License-Identifier: MIT
# What the library must not bring into a consumer's build.

get_target_property(options libration::libration INTERFACE_COMPILE_OPTIONS)
if(options)
  message(FATAL_ERROR "libration::libration carries compile options: ${options}")
endif()

foreach(variable CMAKE_CXX_FLAGS CMAKE_CXX_STANDARD CMAKE_CXX_EXTENSIONS CMAKE_CXX_COMPILER_LAUNCHER BUILD_TESTING)
  if(NOT "${${variable}}" STREQUAL "")
    message(FATAL_ERROR "libration sets ${variable} to '${${variable}}' for its consumers")
  endif()
endforeach()

foreach(target libration_warnings libration_test_main)
  if(TARGET ${target})
    message(FATAL_ERROR "libration builds ${target} in its consumers' builds")
  endif()
endforeach()
