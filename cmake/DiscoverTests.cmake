# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# Included by ctest, once for each GoogleTest program, when it starts. Asks the program for its
# tests (again only after it was rebuilt) and declares each of them as a test PREFIX.Suite.Name.
#
# Before: program (path), prefix, labels, timeout (seconds), folder (where it runs), environment.
# A program that was not built, or that does not answer, is a test that fails.

set(listing ${program}.tests)
set(answer 0)
if(EXISTS ${program} AND ${program} IS_NEWER_THAN ${listing})
  execute_process(COMMAND ${program} --gtest_list_tests TIMEOUT 60
    OUTPUT_VARIABLE listed RESULT_VARIABLE answer ERROR_QUIET)
  if(answer EQUAL 0)
    string(REGEX REPLACE " *#[^\n]*" "" listed "${listed}")  # types and values of parameters
    file(WRITE ${listing} "${listed}")
  endif()
endif()

if(NOT EXISTS ${program} OR NOT answer EQUAL 0)
  add_test(${prefix}.was_built_and_lists_its_tests ${program} --gtest_list_tests)
else()
  file(STRINGS ${listing} lines)
  foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+)\\.$")
      set(suite ${CMAKE_MATCH_1})
    elseif(line MATCHES "^  ([^ ]+)$")
      set(test ${CMAKE_MATCH_1})
      set(name ${prefix}.${suite}.${test})
      add_test(${name} ${program} --gtest_filter=${suite}.${test} --gtest_also_run_disabled_tests)
      set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout}
        WORKING_DIRECTORY ${folder} ENVIRONMENT "${environment}"
        SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
      # A filter that meets nothing passes in the eyes of GoogleTest.
      set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "Running 0 tests")
      if("${suite}.${test}" MATCHES "(^|[./])DISABLED_")
        set_tests_properties(${name} PROPERTIES DISABLED TRUE)
      endif()
    endif()
  endforeach()
endif()
