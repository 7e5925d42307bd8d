// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The files that say who may call: read whole, replaced whole, and looked at for changes. Any
// thread. kNotFound: not there or not readable; the message names the file and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace perdure::access {

inline constexpr std::size_t kAccessFileBytesMax = std::size_t{16} << 20;

/// kPermissionDenied: everybody on this machine may write to it, and so could let himself in.
base::Result<std::string> read_access_file(const std::string& path);

/// What changes when a file is changed or replaced; all zero: it is not there.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::string& path);

/// Gives `change` the text ("" if there is no file) and puts what it answers in its place, durably
/// and at once for whoever reads. One process at a time: `path`.lock is held meanwhile. A new file
/// is for its owner only.
base::Result<> change_access_file(
    const std::string& path,
    const std::function<base::Result<std::string>(std::string_view text)>& change);

}  // namespace perdure::access
