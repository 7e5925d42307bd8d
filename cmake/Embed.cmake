# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# perdure_embed(TARGET FILE OUTPUT HEADER FUNCTION): compiles the bytes of FILE into TARGET, as
# `std::string FUNCTION()`, which HEADER declares. FUNCTION is a qualified name. Run as a script,
# this file writes OUTPUT.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "((....,....,....,....,){4})" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "^(.*)::([^:]*)$" "\\1" namespace "${FUNCTION}")
  string(REGEX REPLACE "^(.*)::([^:]*)$" "\\2" name "${FUNCTION}")
  file(WRITE "${OUTPUT}" "// Written by cmake/Embed.cmake.
#include \"${HEADER}\"

namespace ${namespace} {
namespace {
constexpr unsigned char kBytes[] = {
${bytes}};
}  // namespace
std::string ${name}() { return {kBytes, kBytes + sizeof kBytes}; }
}  // namespace ${namespace}
")
  return()
endif()

function(perdure_embed target file output header function)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/${output}
      -DHEADER=${header} -DFUNCTION=${function} -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${output})
endfunction()
