// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A store in a folder of its own: DIR/STORE says what it is, DIR/LOCK who has it open, DIR/log is
// the log (segment files), DIR/table the table (RocksDB). docs/reference/store.md describes each.
//
// A new store is complete when DIR/STORE appears, which is the last step: a process that is killed
// before leaves DIR/STORE.new, and the next one finishes what it began. A folder that holds
// anything else is refused, and nothing in it is touched.
//
// Threads: call from any one; what it returns is a Store like any other.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/log/file/file_log.h"
#include "store/log/file/files.h"
#include "store/store.h"
#include "store/table/rocksdb/rocks_table.h"

namespace perdure::store {

struct FolderOptions {
  StoreOptions store;  // its `id` is ignored: the folder knows
  log::file::FileLogOptions log;
  table::rocksdb::RocksTableOptions table;
  /// Where the log and the folder's own files lie; a test supplies its own.
  std::function<std::unique_ptr<log::file::Files>()> files = log::file::system_files;
};

/// Opens the store in `folder`, or makes one where there is nothing yet (with access for its owner
/// only). The folder stays locked for as long as the store lives.
///
/// kStoreLocked: another process (or this one) has it open. kStoreForeign: something else is in the
/// folder, or a newer version made it. kStoreCorrupt: a file of it is damaged or missing.
base::Result<std::unique_ptr<Store>> open_folder(const std::string& folder,
                                                 FolderOptions options = {});

}  // namespace perdure::store
