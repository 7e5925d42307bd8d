# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# perdure_module(NAME [PURE]
#                [DEPS module...] [LINK target...]
#                SOURCES file... [HEADERS file...]
#                [TESTS file...] [TEST_DEPS module...] [TEST_LINK target...] [TEST_TIMEOUT seconds]
#                [BENCH file...] [FUZZ file...] [FUZZ_MUTATIONS count])
#
# One folder = one library = one node of the layer graph: the target perdure_NAME. Lists are
# explicit: a file that is listed nowhere fails the repository's own check.
#
#   DEPS       the only modules whose headers this one may include (tools/laws/layers.py checks)
#   LINK       targets from outside, such as fmt::fmt
#   PURE       built without exceptions and RTTI; its archive may use no clock, thread, lock or I/O
#   HEADERS    every header of the folder; each must compile alone (tools/laws/headers.py checks)
#   TESTS      GoogleTest sources of the program NAME_test; ctest knows each TEST as NAME.Suite.Name
#   TEST_DEPS  modules that only tests and benchmarks include
#   BENCH      Google Benchmark sources of NAME_bench, built by the target `benchmarks`
#   FUZZ       libFuzzer entries, one program each, NAME_<file>; built by the target `fuzzers`. With
#              AddressSanitizer, ctest runs each as fuzz.NAME_<file>, without libFuzzer: its corpus
#              (tests/fuzz/corpus) and FUZZ_MUTATIONS mutations of that, 2000 if it is not said

add_library(perdure_warnings INTERFACE)
target_compile_options(perdure_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Woverloaded-virtual
  -Wnon-virtual-dtor $<$<BOOL:${PERDURE_DEVELOPER}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these in inlined library code at -O2.
  target_compile_options(perdure_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict
    -Wno-missing-field-initializers -Wno-dangling-pointer -Wno-array-bounds -Wno-stringop-overflow)
else()
  target_compile_options(perdure_warnings INTERFACE -Wno-missing-designated-field-initializers)
endif()

if(PERDURE_SANITIZE)
  add_compile_options(-fsanitize=${PERDURE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PERDURE_SANITIZE})
endif()

find_program(PERDURE_CCACHE ccache)
mark_as_advanced(PERDURE_CCACHE)
if(PERDURE_DEVELOPER AND PERDURE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PERDURE_CCACHE})
endif()

if(PERDURE_DEVELOPER)
  add_custom_target(benchmarks)
  add_custom_target(fuzzers)
endif()

# What every test runs with: reports of the sanitizers that name functions and lines.
set(suppressions suppressions=${PROJECT_SOURCE_DIR}/tools/tsan.supp)
set(PERDURE_TEST_ENVIRONMENT
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=1:${suppressions}")
find_program(PERDURE_SYMBOLIZER NAMES llvm-symbolizer-19 llvm-symbolizer)
mark_as_advanced(PERDURE_SYMBOLIZER)
if(PERDURE_SYMBOLIZER)
  foreach(sanitizer IN ITEMS ASAN MSAN TSAN UBSAN)
    list(APPEND PERDURE_TEST_ENVIRONMENT "${sanitizer}_SYMBOLIZER_PATH=${PERDURE_SYMBOLIZER}")
  endforeach()
endif()

# perdure_gtest(PROGRAM PREFIX [LABELS label...] [TIMEOUT seconds])
#
# Registers every TEST of a program with ctest, so that the summary, a filter and a timeout speak of
# single tests, and a skipped one is reported as skipped. The program is asked when ctest starts.
function(perdure_gtest program prefix)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS fast)
  endif()
  if(CMAKE_RUNTIME_OUTPUT_DIRECTORY)  # that folder is for programs for people
    set_target_properties(${program} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  endif()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${program}_discover.cmake)
  file(GENERATE OUTPUT ${script} CONTENT "set(program \"$<TARGET_FILE:${program}>\")
set(prefix \"${prefix}\")
set(labels \"${arg_LABELS}\")
set(timeout ${arg_TIMEOUT})
set(folder \"${CMAKE_CURRENT_BINARY_DIR}\")
set(environment \"${PERDURE_TEST_ENVIRONMENT}\")
include(\"${PROJECT_SOURCE_DIR}/cmake/DiscoverTests.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()

# perdure_fuzz_smoke(TARGET SOURCE MUTATIONS library...)
function(perdure_fuzz_smoke target source mutations)
  add_executable(${target}_smoke ${source} $<TARGET_OBJECTS:perdure_fuzz_driver>)
  target_link_libraries(${target}_smoke PRIVATE ${ARGN})
  set_target_properties(${target}_smoke PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME fuzz.${target} COMMAND ${target}_smoke
    ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${target} ${mutations})
  set_tests_properties(fuzz.${target} PROPERTIES LABELS "fast;fuzz" TIMEOUT 300
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} ENVIRONMENT "${PERDURE_TEST_ENVIRONMENT}")
endfunction()

function(perdure_module name)
  cmake_parse_arguments(arg "PURE" "TEST_TIMEOUT;FUZZ_MUTATIONS"
    "DEPS;LINK;SOURCES;HEADERS;TESTS;TEST_DEPS;TEST_LINK;TEST_LABELS;BENCH;FUZZ" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "perdure_module(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  set(target perdure_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:perdure_warnings>)
    if(arg_PURE)
      target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/api>)
  if(arg_HEADERS)
    target_sources(${target} PRIVATE ${arg_HEADERS})
  endif()
  list(TRANSFORM arg_DEPS PREPEND perdure_ OUTPUT_VARIABLE dep_targets)
  list(TRANSFORM arg_TEST_DEPS PREPEND perdure_ OUTPUT_VARIABLE test_dep_targets)
  target_link_libraries(${target} ${scope} ${dep_targets} ${arg_LINK})
  set_property(TARGET ${target} PROPERTY PERDURE_MODULE ${name})
  set_property(TARGET ${target} PROPERTY PERDURE_PURE ${arg_PURE})

  if(NOT PERDURE_DEVELOPER)
    return()
  endif()
  if(arg_TESTS)
    add_executable(${name}_test ${arg_TESTS})
    target_link_libraries(${name}_test PRIVATE ${target} perdure_warnings ${test_dep_targets}
      ${arg_TEST_LINK} GTest::gtest_main)
    perdure_gtest(${name}_test ${name} TIMEOUT ${arg_TEST_TIMEOUT} LABELS ${arg_TEST_LABELS})
  endif()
  if(arg_BENCH)
    find_package(benchmark REQUIRED)
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${arg_BENCH})
    target_link_libraries(${name}_bench PRIVATE ${target} perdure_warnings ${test_dep_targets}
      benchmark::benchmark_main)
    add_dependencies(benchmarks ${name}_bench)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    foreach(source IN LISTS arg_FUZZ)
      cmake_path(GET source STEM stem)
      add_executable(${name}_${stem} EXCLUDE_FROM_ALL ${source})
      target_link_libraries(${name}_${stem} PRIVATE ${target} perdure_warnings ${test_dep_targets})
      target_link_options(${name}_${stem} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzzers ${name}_${stem})
      if(PERDURE_SANITIZE MATCHES "address" AND NOT PERDURE_SANITIZE MATCHES "fuzzer")
        if(NOT arg_FUZZ_MUTATIONS)
          set(arg_FUZZ_MUTATIONS 2000)
        endif()
        perdure_fuzz_smoke(${name}_${stem} ${source} ${arg_FUZZ_MUTATIONS}
          ${target} perdure_warnings ${test_dep_targets})
      endif()
    endforeach()
  endif()
endfunction()
