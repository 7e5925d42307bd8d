# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# The target `programs`: what `./dev build` makes. The programs for people (cli, examples) and what
# an installation needs. Included after the last target was declared.

add_custom_target(programs)
foreach(folder IN ITEMS cli examples)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    perdure_targets_below(targets ${PROJECT_SOURCE_DIR}/${folder})
    foreach(target IN LISTS targets)
      get_target_property(type ${target} TYPE)
      if(type STREQUAL "EXECUTABLE" AND NOT target MATCHES "_(test|bench|fuzz)$")
        add_dependencies(programs ${target})
      endif()
    endforeach()
  endif()
endforeach()
if(TARGET perdure_package)
  add_dependencies(programs perdure_package)
endif()
