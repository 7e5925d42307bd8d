// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The lock of a store's folder: held by one open file, given back by the system when the process
// ends, however it ends. The file names the process that has it, for the error of the next one.
#pragma once

#include <string>

#include "base/result.h"

namespace perdure::store {

/// Movable; whoever owns it has the folder.
class FolderLock {
 public:
  /// kStoreLocked, naming the process, if somebody has it: another process, or this one.
  static base::Result<FolderLock> take(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  explicit FolderLock(int handle) : handle_(handle) {}

  int handle_;  // -1: moved away
};

}  // namespace perdure::store
