# Functions with which the top file describes the folders. Needs: CMake 3.25, Debian 12 packages.
include(CTest)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)  # its header; the library is loaded when used
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libsecret REQUIRED libsecret-1)  # its header; the library is loaded when used
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)  # likewise; the tests link it
pkg_check_modules(yamlcpp REQUIRED IMPORTED_TARGET yaml-cpp)
if(SALLYPORT_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_SOURCE_DIR}/cmake/cached-compile ${CMAKE_SOURCE_DIR})
endif()

add_library(sallyport_options INTERFACE)
target_include_directories(sallyport_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(sallyport_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
  -fno-omit-frame-pointer -fstack-protector-strong -fPIE)
# A local variable that nobody gave a value is zero in the program, and where it is tested a pattern
# that is noticed.
target_compile_options(sallyport_options INTERFACE
  -ftrivial-auto-var-init=$<IF:$<CONFIG:Release,RelWithDebInfo>,zero,pattern>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  target_compile_options(sallyport_options INTERFACE -fcf-protection)
endif()
target_compile_definitions(sallyport_options INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=3> _GLIBCXX_ASSERTIONS
  SALLYPORT_VERSION="${PROJECT_VERSION}")
target_link_options(sallyport_options INTERFACE -pie -Wl,-z,relro,-z,now)
target_link_libraries(sallyport_options INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(sallyport_options INTERFACE -Wno-gnu-zero-variadic-macro-arguments -Wno-missing-designated-field-initializers
    -Wthread-safety -Xclang -fno-pch-timestamp)
  # What loses bits or a sign says so, and casts name their kind. (g++ 12 sees some that are none.)
  target_compile_options(sallyport_options INTERFACE -Wconversion -Wsign-conversion -Wold-style-cast)
  target_link_options(sallyport_options INTERFACE -fuse-ld=lld-19)
else()
  # g++ 12 reports false positives in its own library headers under optimisation.
  target_compile_options(sallyport_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-dangling-pointer -Wno-missing-field-initializers)
endif()
if(SALLYPORT_SANITIZE)
  target_compile_options(sallyport_options INTERFACE -fsanitize=${SALLYPORT_SANITIZE}
    -fno-sanitize-recover=all)
  target_link_options(sallyport_options INTERFACE -fsanitize=${SALLYPORT_SANITIZE})
endif()
if(SALLYPORT_FUZZ)
  target_compile_options(sallyport_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SALLYPORT_THINLTO)
  target_compile_options(sallyport_options INTERFACE -flto=thin)
  target_link_options(sallyport_options INTERFACE -flto=thin
    -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto-cache)
endif()

# One precompiled header for all folders.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/empty.cc CONTENT "")  # left alone where it is right
add_library(sallyport_pch OBJECT ${CMAKE_BINARY_DIR}/empty.cc)
target_link_libraries(sallyport_pch PRIVATE sallyport_options)
set(precompiled <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <expected> <functional>
  <map> <memory> <mutex> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant>
  <vector>)
target_precompile_headers(sallyport_pch PRIVATE ${precompiled})

# And one for the tests. Their own code runs once: to optimise it takes longer than to run it. (g++
# would make calls of the coroutines' jumps.)
if(SALLYPORT_TESTS)
  add_library(sallyport_test_options INTERFACE)
  target_link_libraries(sallyport_test_options INTERFACE GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_options(sallyport_test_options INTERFACE $<$<CXX_COMPILER_ID:Clang>:-O0>)
  target_compile_definitions(sallyport_test_options INTERFACE
    SALLYPORT_TESTDATA="${CMAKE_SOURCE_DIR}/tests/data")
  add_library(sallyport_test_pch OBJECT ${CMAKE_BINARY_DIR}/empty.cc)
  target_link_libraries(sallyport_test_pch PRIVATE sallyport_options sallyport_test_options)
  target_precompile_headers(sallyport_test_pch PRIVATE ${precompiled} <gtest/gtest.h>)
endif()

# sallyport_deps(FOLDER OUT): the libraries of the folders that src/arrows gives to src/FOLDER.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/arrows)
file(STRINGS src/arrows sallyport_arrows REGEX "^[a-z]+:")
function(sallyport_deps folder out)
  set(deps)
  set(known FALSE)
  set(all ${sallyport_arrows})
  list(TRANSFORM all REPLACE ":.*" "")
  list(REMOVE_ITEM all ${folder})
  foreach(row ${sallyport_arrows})
    if(row MATCHES "^${folder}: *(.*)$")
      set(known TRUE)
      string(REPLACE " " ";" deps "${CMAKE_MATCH_1}")
      list(FILTER deps EXCLUDE REGEX "/")  # headers, no libraries
      list(TRANSFORM deps REPLACE "^\\*$" "${all}")
    endif()
  endforeach()
  if(NOT known)
    message(FATAL_ERROR "src/arrows has no row for the folder ${folder}")
  endif()
  list(TRANSFORM deps PREPEND sallyport_)
  set(${out} ${deps} PARENT_SCOPE)
endfunction()

# sallyport_library(NAME LINK target...): all sources of src/NAME (and below it) as one static
# library, its *_test.cc as one test program NAME_test, its headers in the header check.
function(sallyport_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sallyport_library(${name}) does not know ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  sallyport_deps(${name} deps)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    add_library(sallyport_${name} INTERFACE)
    sallyport_check_headers(${name} sallyport_options)
    return()
  endif()
  add_library(sallyport_${name} STATIC ${sources})
  target_link_libraries(sallyport_${name} PUBLIC sallyport_options ${deps} ${ARG_LINK})
  target_precompile_headers(sallyport_${name} REUSE_FROM sallyport_pch)
  if(SALLYPORT_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE sallyport_${name} sallyport_test_options)
    target_precompile_headers(${name}_test REUSE_FROM sallyport_test_pch)
    add_test(NAME ${name}_test COMMAND ${name}_test)
    set_tests_properties(${name}_test PROPERTIES TIMEOUT 900)
  endif()
  sallyport_check_headers(${name} sallyport_${name})
endfunction()

# Every header compiles alone: one generated file a header, compiled, never linked. No part of `all`:
# the target headers_alone is all of them, CMakeFiles/FOLDER_headers.dir/headers/FOLDER_NAME.h.cc.o one.
function(sallyport_check_headers name)
  if(NOT SALLYPORT_CHECK_HEADERS)
    return()
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src src/${name}/*.h)
  set(units)
  foreach(header ${headers})
    string(REPLACE "/" "_" unit ${header})
    set(unit ${CMAKE_BINARY_DIR}/headers/${unit}.cc)
    file(CONFIGURE OUTPUT ${unit} CONTENT
      "#include \"${header}\"\n#include \"${header}\"  // NOLINT(readability-duplicate-include): a second time changes nothing\n")
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(${name}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    if(NOT TARGET headers_alone)
      add_custom_target(headers_alone)
    endif()
    add_dependencies(headers_alone ${name}_headers)
    target_link_libraries(${name}_headers PRIVATE ${ARGN})
    target_compile_options(${name}_headers PRIVATE -O0 -g0 -fno-sanitize=all)
  endif()
endfunction()

# sallyport_program(NAME FOLDER LINK target... PRECOMPILE header...): all sources of src/FOLDER as
# one program. What is precompiled besides is what most of these include.
function(sallyport_program name folder)
  cmake_parse_arguments(ARG "" "" "LINK;PRECOMPILE" ${ARGN})
  sallyport_deps(${folder} deps)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE sallyport_options ${deps} ${ARG_LINK})
  target_precompile_headers(${name} PRIVATE ${precompiled} ${ARG_PRECOMPILE})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  sallyport_check_headers(${folder} sallyport_options ${deps} ${ARG_LINK})
endfunction()
