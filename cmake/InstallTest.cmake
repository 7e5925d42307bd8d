# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs a finished build into an empty folder and looks whether everything arrived.
# cmake -D prefix=FOLDER -D build=FOLDER -D program=BOOL -P InstallTest.cmake

file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix}
  COMMAND_ERROR_IS_FATAL ANY)

set(expected include/perdure/perdure.h include/perdure/remote.h include/perdure/http.h
  lib*/libperdure.a lib*/libperdure_remote.a lib*/libperdure_http.a
  lib*/cmake/perdure/perdureConfig.cmake share/doc/perdure/LICENSE)
if(program)
  list(APPEND expected bin/perdure)
endif()
foreach(pattern IN LISTS expected)
  file(GLOB_RECURSE found ${prefix}/${pattern})
  if(NOT found)
    message(FATAL_ERROR "${pattern} was not installed")
  endif()
endforeach()

# No path of this machine and no internal header may have been installed.
file(GLOB_RECURSE texts ${prefix}/*.h ${prefix}/*.cmake)
foreach(text IN LISTS texts)
  file(READ ${text} content)
  string(FIND "${content}" "${build}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${text} names the build folder ${build}")
  endif()
endforeach()
if(program)
  execute_process(COMMAND ${prefix}/bin/perdure --version COMMAND_ERROR_IS_FATAL ANY)
endif()
