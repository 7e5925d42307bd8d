# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts in place: the public headers, one archive libperdure.a that holds the
# SDK and everything below it, the package for find_package(perdure), the program, the licence. The
# archive is merged from the libraries that perdure_sdk links, and the package names the outside
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

perdure_link_closure(modules outside perdure_sdk)

# --- the archive ----------------------------------------------------------------------------------

set(archive ${PROJECT_BINARY_DIR}/libperdure.a)
set(script "CREATE ${archive}\n")
set(archived "")
foreach(module IN LISTS modules)
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
  COMMENT "Merging libperdure.a" VERBATIM)
add_custom_target(perdure_archive DEPENDS ${archive})

# Everything that an installation needs.
if(PERDURE_DEVELOPER)
  add_custom_target(perdure_package)
else()
  add_custom_target(perdure_package ALL)
endif()
add_dependencies(perdure_package perdure_archive)

# --- the package ----------------------------------------------------------------------------------

# Absolute archives are looked up again by name where the package is used.
set(perdure_archives "")
set(perdure_libraries "")
foreach(library IN LISTS outside)
  if(IS_ABSOLUTE "${library}")
    cmake_path(GET library FILENAME name)
    list(APPEND perdure_archives ${name})
  else()
    list(APPEND perdure_libraries ${library})
  endif()
endforeach()
list(JOIN perdure_archives " " perdure_archives)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/perdure)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/perdureConfig.cmake.in
  ${PROJECT_BINARY_DIR}/perdureConfig.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/perdureConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/cpp/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_BINARY_DIR}/perdureConfig.cmake
  ${PROJECT_BINARY_DIR}/perdureConfigVersion.cmake DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET perdure)
  add_dependencies(perdure_package perdure)
  install(TARGETS perdure RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# --- the test -------------------------------------------------------------------------------------

# A project outside the tree, which knows nothing but find_package(perdure), with both compilers.
# Registered where the archive is fit for use: without sanitizers.
if(NOT PERDURE_DEVELOPER OR PERDURE_SANITIZE)
  return()
endif()
set(prefix ${PROJECT_BINARY_DIR}/package)
add_test(NAME install.into_an_empty_folder COMMAND ${CMAKE_COMMAND}
  -D prefix=${prefix} -D build=${PROJECT_BINARY_DIR} -D program=$<TARGET_EXISTS:perdure>
  -P ${PROJECT_SOURCE_DIR}/cmake/InstallTest.cmake)
set_tests_properties(install.into_an_empty_folder PROPERTIES FIXTURES_SETUP package)
set(installed_tests install.into_an_empty_folder)
foreach(compiler IN ITEMS clang++-19 g++)
  set(test install.is_found_and_used_with_${compiler})
  add_test(NAME ${test} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${PROJECT_SOURCE_DIR}/tests/consumer ${PROJECT_BINARY_DIR}/consumer-${compiler}
    --build-generator ${CMAKE_GENERATOR} --build-target all
    --build-options -DCMAKE_CXX_COMPILER=${compiler} -DCMAKE_PREFIX_PATH=${prefix}
    --test-command consumer)
  set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED package)
  list(APPEND installed_tests ${test})
endforeach()
set_tests_properties(${installed_tests} PROPERTIES LABELS "slow;install" TIMEOUT 600)
