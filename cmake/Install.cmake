# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts in place: the public headers, an archive for each component, the
# package for find_package(perdure), the program, the licence.
#
#   embedded  perdure::perdure   libperdure.a          the SDK with the engine in the program
#   remote    perdure::remote    libperdure_remote.a   worker and client of a server
#   http      perdure::http      libperdure_http.a     durable HTTP calls in an embedded engine
#
# libperdure.a also holds what the others build on: theirs hold only what it does not. The archives
# are merged from the libraries that the components' targets link, and the package names the outside
# libraries that these link: neither is listed a second time here.
if(NOT TARGET perdure_sdk)
  return()
endif()
if(NOT TARGET perdure::perdure)
  add_library(perdure::perdure ALIAS perdure_sdk)  # for add_subdirectory and FetchContent
endif()

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Our archives and the outside libraries that a target links, directly or not.
function(perdure_link_closure out_ours out_outside target)
  set(open ${target})
  set(ours "")
  set(outside "")
  while(open)
    list(POP_FRONT open next)
    if(next IN_LIST ours OR next IN_LIST outside)
      continue()
    endif()
    if(NOT next MATCHES "^perdure_")
      list(APPEND outside ${next})
      continue()
    endif()
    list(APPEND ours ${next})
    get_target_property(links ${next} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
      if(link AND NOT link MATCHES "-NOTFOUND$|perdure_warnings|^nlohmann_json::")
        list(APPEND open ${link})
      endif()
    endforeach()
  endwhile()
  set(${out_ours} "${ours}" PARENT_SCOPE)
  set(${out_outside} "${outside}" PARENT_SCOPE)
endfunction()

# --- the archives ---------------------------------------------------------------------------------

# perdure_merge(NAME module...): lib<NAME>.a of these, made by the target NAME_archive.
function(perdure_merge name)
  set(archive ${PROJECT_BINARY_DIR}/lib${name}.a)
  set(script "CREATE ${archive}\n")
  set(archived "")
  foreach(module IN LISTS ARGN)
    get_target_property(type ${module} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      string(APPEND script "ADDLIB $<TARGET_FILE:${module}>\n")
      list(APPEND archived ${module})
    endif()
  endforeach()
  string(APPEND script "SAVE\nEND\n")
  file(GENERATE OUTPUT ${archive}.mri CONTENT "${script}")
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${CMAKE_AR} -M < ${archive}.mri
    COMMAND ${CMAKE_RANLIB} ${archive}
    DEPENDS ${archived} ${archive}.mri
    COMMENT "Merging lib${name}.a" VERBATIM)
  add_custom_target(${name}_archive DEPENDS ${archive})
  install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

perdure_link_closure(embedded_modules embedded_outside perdure_sdk)
perdure_link_closure(remote_modules remote_outside perdure_sdk_remote)
perdure_link_closure(http_modules http_outside perdure_sdk_http)
list(REMOVE_ITEM remote_modules ${embedded_modules})
list(REMOVE_ITEM http_modules ${embedded_modules})
perdure_merge(perdure ${embedded_modules})
perdure_merge(perdure_remote ${remote_modules})
perdure_merge(perdure_http ${http_modules})

# Everything that an installation needs.
if(PERDURE_DEVELOPER)
  add_custom_target(perdure_package)
else()
  add_custom_target(perdure_package ALL)
endif()
add_dependencies(perdure_package perdure_archive perdure_remote_archive perdure_http_archive)

# --- the package ----------------------------------------------------------------------------------

# perdure_describe_outside(COMPONENT library...): COMPONENT_packages, the packages that define the
# imported targets among them; COMPONENT_archives, files that are looked up again by name where the
# package is used; COMPONENT_libraries, what is linked as it is written.
function(perdure_describe_outside component)
  set(packages "")
  set(archives "")
  set(libraries "")
  foreach(library IN LISTS ARGN)
    if(IS_ABSOLUTE "${library}")
      cmake_path(GET library FILENAME name)
      list(APPEND archives ${name})
      continue()
    endif()
    list(APPEND libraries ${library})
    if(library MATCHES "^(.+)::")
      list(APPEND packages ${CMAKE_MATCH_1})
    endif()
  endforeach()
  list(TRANSFORM packages REPLACE "^protobuf$" "Protobuf")
  list(REMOVE_DUPLICATES packages)
  set(${component}_packages "${packages}" PARENT_SCOPE)
  set(${component}_archives "${archives}" PARENT_SCOPE)
  set(${component}_libraries "${libraries}" PARENT_SCOPE)
endfunction()

foreach(component IN ITEMS embedded remote http)
  perdure_describe_outside(${component} ${${component}_outside})
endforeach()
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/perdure)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/perdureConfig.cmake.in
  ${PROJECT_BINARY_DIR}/perdureConfig.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/perdureConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/cpp/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/perdureConfig.cmake
  ${PROJECT_BINARY_DIR}/perdureConfigVersion.cmake DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET perdure)
  add_dependencies(perdure_package perdure)
  install(TARGETS perdure RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# --- the tests ------------------------------------------------------------------------------------

# Projects outside the tree, which know nothing but find_package(perdure), with both compilers;
# those that need a server get the installed one. What a project's components do not need is hidden
# from it. Registered where the archives are fit for use: without sanitizers.
if(NOT PERDURE_DEVELOPER OR PERDURE_SANITIZE)
  return()
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(prefix ${PROJECT_BINARY_DIR}/package)
add_test(NAME install.into_an_empty_folder COMMAND ${CMAKE_COMMAND}
  -D prefix=${prefix} -D build=${PROJECT_BINARY_DIR} -D program=$<TARGET_EXISTS:perdure>
  -P ${PROJECT_SOURCE_DIR}/cmake/InstallTest.cmake)
set_tests_properties(install.into_an_empty_folder PROPERTIES FIXTURES_SETUP package)
set(installed_tests install.into_an_empty_folder)

# perdure_consumer_test(NAME PROJECT HIDDEN command...): with each compiler builds
# tests/consumer/PROJECT, which can not find the packages HIDDEN, and runs the command there.
function(perdure_consumer_test name project hidden)
  list(TRANSFORM hidden REPLACE "(.+)" "-DCMAKE_DISABLE_FIND_PACKAGE_\\1=TRUE")
  foreach(compiler IN ITEMS clang++-19 g++)
    set(test install.${name}_with_${compiler})
    add_test(NAME ${test} COMMAND ${CMAKE_CTEST_COMMAND}
      --build-and-test ${PROJECT_SOURCE_DIR}/tests/consumer/${project}
      ${PROJECT_BINARY_DIR}/consumer-${project}-${compiler}
      --build-generator ${CMAKE_GENERATOR} --build-target all
      --build-options -DCMAKE_CXX_COMPILER=${compiler} -DCMAKE_PREFIX_PATH=${prefix} ${hidden}
      --test-command ${ARGN})
    list(APPEND installed_tests ${test})
  endforeach()
  set(installed_tests ${installed_tests} PARENT_SCOPE)
endfunction()

perdure_consumer_test(is_found_and_used embedded "gRPC;Protobuf;OpenSSL;CURL" consumer)
set(with_server ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/consumer/with_server.py)
if(TARGET perdure)
  perdure_consumer_test(works_for_the_installed_server remote "CURL"
    ${with_server} ${prefix}/bin/perdure ./consumer)
endif()
perdure_consumer_test(calls_over_http http "gRPC;Protobuf" ${with_server} - ./consumer)

# perdure_missing_test(NAME PROJECT HIDDEN MESSAGE): configuring must say what is missing.
function(perdure_missing_test name project hidden message)
  list(TRANSFORM hidden REPLACE "(.+)" "-DCMAKE_DISABLE_FIND_PACKAGE_\\1=TRUE")
  add_test(NAME install.${name} COMMAND ${CMAKE_COMMAND}
    -S ${PROJECT_SOURCE_DIR}/tests/consumer/${project} -B ${PROJECT_BINARY_DIR}/consumer-${name}
    --fresh -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_PREFIX_PATH=${prefix} ${hidden})
  set_tests_properties(install.${name} PROPERTIES PASS_REGULAR_EXPRESSION "${message}")
  set(installed_tests ${installed_tests} install.${name} PARENT_SCOPE)
endfunction()

# CMake breaks the lines of a message where it likes.
perdure_missing_test(says_that_grpc_is_missing remote gRPC
  "component 'remote'[ \n]+needs[ \n]+gRPC;[ \n]+on[ \n]+Debian:")
perdure_missing_test(says_that_curl_is_missing http CURL
  "component 'http'[ \n]+needs[ \n]+CURL;[ \n]+on[ \n]+Debian:")

list(REMOVE_ITEM installed_tests install.into_an_empty_folder)
set_tests_properties(${installed_tests} PROPERTIES FIXTURES_REQUIRED package)
set_tests_properties(${installed_tests} install.into_an_empty_folder PROPERTIES
  LABELS "slow;install" TIMEOUT 600)
