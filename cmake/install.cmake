# SPDX-License-Identifier: MIT
# The headers, and the package that find_package(libration) reads.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_folder "${CMAKE_INSTALL_DATADIR}/cmake/libration")

install(
  TARGETS libration
  EXPORT libration_targets
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(
  EXPORT libration_targets
  NAMESPACE libration::
  FILE librationTargets.cmake
  DESTINATION "${package_folder}")

# libration::compiled is a component of its own: find_package(libration COMPONENTS compiled).
set(architecture ARCH_INDEPENDENT)
if(LIBRATION_BUILD_COMPILED)
  set(architecture "")
  install(TARGETS libration_compiled EXPORT libration_compiled_targets)
  install(
    EXPORT libration_compiled_targets
    NAMESPACE libration::
    FILE librationCompiledTargets.cmake
    DESTINATION "${package_folder}")
endif()

configure_package_config_file(cmake/librationConfig.cmake.in "${PROJECT_BINARY_DIR}/librationConfig.cmake"
                              INSTALL_DESTINATION "${package_folder}")
# Before 1.0 a minor version may change the interface.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
else()
  set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/librationConfigVersion.cmake" COMPATIBILITY ${compatibility}
                                                                                      ${architecture})
install(
  FILES "${PROJECT_BINARY_DIR}/librationConfig.cmake" "${PROJECT_BINARY_DIR}/librationConfigVersion.cmake"
        cmake/FindRandom123.cmake
  DESTINATION "${package_folder}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/libration")
