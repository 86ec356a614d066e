# SPDX-License-Identifier: MIT
# Finds what libration needs; downloads a pinned release of what is missing where LIBRATION_FETCH_DEPENDENCIES says so.

list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

# libration_find_dependencies(<name>...): each name becomes its usual imported target, or the configuration ends with the
# name of the package that is missing.
macro(libration_find_dependencies)
  # Imported targets must be visible to whoever adds this project as a subdirectory and links libration::libration.
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
  foreach(libration_dependency IN ITEMS ${ARGN})
    cmake_language(CALL libration_find_${libration_dependency})
  endforeach()
endmacro()

function(libration_find_Eigen3)
  libration_find_one_of(Eigen3 Eigen3::Eigen libeigen3-dev 3.4 5)
endfunction()

function(libration_find_fmt)
  libration_find_one_of(fmt fmt::fmt libfmt-dev 9 10 11 12)
endfunction()

function(libration_find_nlohmann_json)
  libration_find_one_of(nlohmann_json nlohmann_json::nlohmann_json nlohmann-json3-dev 3.9)
endfunction()

# For Boost.Math, which is headers alone.
function(libration_find_Boost)
  libration_find_one_of(Boost Boost::headers libboost-dev 1.74)
endfunction()

function(libration_find_CLI11)
  libration_find_one_of(CLI11 CLI11::CLI11 libcli11-dev 2)
endfunction()

function(libration_find_Catch2)
  libration_find_one_of(Catch2 Catch2::Catch2 catch2 3 2.13)
  set(Catch2_DIR ${Catch2_DIR} PARENT_SCOPE)
endfunction()

function(libration_find_benchmark)
  libration_find_one_of(benchmark benchmark::benchmark libbenchmark-dev 1.7)
endfunction()

function(libration_find_Threads)
  set(THREADS_PREFER_PTHREAD_FLAG TRUE)
  find_package(Threads REQUIRED)
endfunction()

function(libration_find_Random123)
  if(TARGET Random123::Random123)
    return()
  endif()
  find_package(Random123 MODULE QUIET)
  if(NOT Random123_FOUND)
    libration_fetch_or_stop(Random123 librandom123-dev)
  endif()
endfunction()

# Tries each version in turn, since a package answers only to its own major version.
function(libration_find_one_of package target debian_package)
  foreach(version IN LISTS ARGN)
    if(TARGET ${target})
      break()
    endif()
    find_package(${package} ${version} CONFIG QUIET)
  endforeach()
  if(NOT TARGET ${target})
    libration_fetch_or_stop(${package} ${debian_package})
  endif()
  set(${package}_DIR ${${package}_DIR} PARENT_SCOPE)
endfunction()

function(libration_fetch_or_stop package debian_package)
  if(NOT LIBRATION_FETCH_DEPENDENCIES)
    message(
      FATAL_ERROR
        "libration needs ${package}, which was not found.\n"
        "On Debian and Ubuntu: apt-get install ${debian_package}\n"
        "Elsewhere: install it and point CMAKE_PREFIX_PATH at it, "
        "or configure with -DLIBRATION_FETCH_DEPENDENCIES=ON to download a pinned release.")
  endif()
  message(STATUS "libration: downloading ${package}")
  include(FetchContent)
  cmake_language(CALL libration_fetch_${package})
  set(${package}_DIR ${${package}_DIR} PARENT_SCOPE)
endfunction()

# Downloads and unpacks only; sets <name>_SOURCE_DIR.
macro(libration_unpack name url sha256)
  FetchContent_Declare(
    ${name}
    URL ${url}
    URL_HASH SHA256=${sha256}
    DOWNLOAD_EXTRACT_TIMESTAMP TRUE
    SOURCE_SUBDIR its-own-build-is-not-run)
  FetchContent_MakeAvailable(${name})
endmacro()

# A header-only release becomes an imported target, without its own build: an installed libration then finds the
# dependency again as it finds any other, and nothing of the dependency's build leaks into ours.
function(libration_fetch_headers name target include_folder url sha256)
  libration_unpack(${name} ${url} ${sha256})
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE "${${name}_SOURCE_DIR}/${include_folder}")
endfunction()

function(libration_fetch_Eigen3)
  libration_fetch_headers(
    eigen Eigen3::Eigen "" https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
    b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626)
endfunction()

function(libration_fetch_fmt)
  libration_fetch_headers(
    fmt fmt::fmt include https://github.com/fmtlib/fmt/archive/9.1.0.tar.gz
    5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2)
  target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
endfunction()

function(libration_fetch_nlohmann_json)
  libration_fetch_headers(
    nlohmann_json nlohmann_json::nlohmann_json include
    https://github.com/nlohmann/json/releases/download/v3.11.2/json.tar.xz
    8c4b26bf4b422252e13f332bc5e388ec0ab5c3443d24399acb675e68278d341f)
endfunction()

function(libration_fetch_Random123)
  libration_fetch_headers(
    random123 Random123::Random123 include https://github.com/DEShawResearch/random123/archive/refs/tags/v1.14.0.tar.gz
    effafd8656b18030b2a5b995cd3650c51a7c45052e6e1c21e48b9fa7a59d926e)
endfunction()

function(libration_fetch_Boost)
  libration_fetch_headers(
    boost Boost::headers "" https://archives.boost.io/release/1.74.0/source/boost_1_74_0.tar.bz2
    83bfc1507731a0906e387fc28b7ef5417d591429e51e788417fe9ff025e116b1)
endfunction()

function(libration_fetch_CLI11)
  libration_fetch_headers(
    cli11 CLI11::CLI11 include https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
    26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb)
endfunction()

# The two that are compiled, for our tests and benchmarks only; they are not installed with libration.
function(libration_fetch_Catch2)
  libration_unpack(catch2 https://github.com/catchorg/Catch2/archive/v3.5.4.tar.gz
                   b7754b711242c167d8f60b890695347f90a1ebc95949a045385114165d606dbb)
  add_subdirectory("${catch2_SOURCE_DIR}" "${catch2_BINARY_DIR}" EXCLUDE_FROM_ALL SYSTEM)
  set(Catch2_DIR "${catch2_SOURCE_DIR}/extras" PARENT_SCOPE)
endfunction()

function(libration_fetch_benchmark)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_WERROR OFF)
  libration_unpack(benchmark https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
                   6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
  add_subdirectory("${benchmark_SOURCE_DIR}" "${benchmark_BINARY_DIR}" EXCLUDE_FROM_ALL SYSTEM)
endfunction()
