# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# perdure_allocator: what the programs allocate memory with (docs/decisions/0029-jemalloc.md).
# Libraries leave that to whoever links them. A sanitizer brings an allocator of its own.
option(PERDURE_JEMALLOC "The programs allocate with jemalloc, linked statically" ON)

add_library(perdure_allocator INTERFACE)
if(PERDURE_JEMALLOC AND NOT PERDURE_SANITIZE)
  find_library(PERDURE_JEMALLOC_ARCHIVE NAMES libjemalloc_pic.a libjemalloc.a)
  mark_as_advanced(PERDURE_JEMALLOC_ARCHIVE)
  if(NOT PERDURE_JEMALLOC_ARCHIVE)
    message(FATAL_ERROR "libjemalloc_pic.a is missing: install it (Debian: libjemalloc-dev), or "
      "choose the C library's allocator with -DPERDURE_JEMALLOC=OFF")
  endif()
  target_link_libraries(perdure_allocator INTERFACE ${PERDURE_JEMALLOC_ARCHIVE})
endif()
