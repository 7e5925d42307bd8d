# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# FILE compiles; with PERDURE_MUST_FAIL it does not, for the reason in its line "// expected: ".
set(command ${COMPILER} -std=c++20 -fsyntax-only -Werror=unused-result
  -DPERDURE_ACCEPT_GCC12_COROUTINES -I${INCLUDE} ${FILE})

execute_process(COMMAND ${command} RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${FILE} must compile without PERDURE_MUST_FAIL, but:\n${output}")
endif()

file(STRINGS ${FILE} expected REGEX "^// expected: ")
string(REGEX REPLACE "^// expected: " "" expected "${expected}")
if(expected STREQUAL "")
  message(FATAL_ERROR "${FILE} has no line '// expected: message'")
endif()

execute_process(COMMAND ${command} -DPERDURE_MUST_FAIL RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${FILE} must not compile with PERDURE_MUST_FAIL")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "${FILE} fails without saying '${expected}':\n${output}")
endif()
