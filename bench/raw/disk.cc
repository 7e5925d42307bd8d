// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   raw_disk FILE SECONDS
//
// What one durable write costs on this disk, without any engine: 4 KiB, then a sync, in files of
// different kinds. "overwritten" is the one that a log of prewritten segments can hope for.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "measure.h"

namespace {

constexpr std::size_t kBlockBytes = 4096;
constexpr off_t kFileBytes = off_t{256} << 20;

enum class File { kGrowing, kPreallocated, kOverwritten };
enum class Sync { kFdatasync, kFsync, kDirect, kNone };

struct Mode {
  const char* name;
  File file;
  Sync sync;
};

constexpr Mode kModes[] = {
    {"fdatasync, overwritten file", File::kOverwritten, Sync::kFdatasync},
    {"fdatasync, preallocated file", File::kPreallocated, Sync::kFdatasync},
    {"fdatasync, growing file", File::kGrowing, Sync::kFdatasync},
    {"O_DIRECT and O_DSYNC, overwritten file", File::kOverwritten, Sync::kDirect},
    {"fsync, growing file", File::kGrowing, Sync::kFsync},
    {"written, not synced", File::kGrowing, Sync::kNone},
};

void must(bool held, const char* what) {
  if (held) return;
  std::perror(what);
  std::exit(1);
}

void prepare(const char* path, File kind, const void* block) {
  ::unlink(path);
  const int file = ::open(path, O_CREAT | O_RDWR, 0600);
  must(file >= 0, path);
  if (kind == File::kPreallocated) must(::posix_fallocate(file, 0, kFileBytes) == 0, path);
  for (off_t at = 0; kind == File::kOverwritten && at < kFileBytes; at += kBlockBytes) {
    must(::pwrite(file, block, kBlockBytes, at) == ssize_t{kBlockBytes}, path);
  }
  must(::fsync(file) == 0, path);
  ::close(file);
}

void measure(const char* path, const Mode& mode, double span_us, const void* block) {
  prepare(path, mode.file, block);
  const int flags = mode.sync == Sync::kDirect ? O_DIRECT | O_DSYNC : 0;
  const int file = ::open(path, O_RDWR | flags);
  must(file >= 0, path);
  std::vector<double> took;
  const double begin = bench::now_us();
  double last = begin;
  for (off_t at = 0; last - begin < span_us && at < kFileBytes * 8; at += kBlockBytes) {
    const off_t where = mode.file == File::kGrowing ? at : at % kFileBytes;
    must(::pwrite(file, block, kBlockBytes, where) == ssize_t{kBlockBytes}, path);
    if (mode.sync == Sync::kFdatasync) must(::fdatasync(file) == 0, path);
    if (mode.sync == Sync::kFsync) must(::fsync(file) == 0, path);
    const double now = bench::now_us();
    took.push_back(now - last);
    last = now;
  }
  bench::report(mode.name, std::move(took), last - begin);
  ::close(file);
  ::unlink(path);
}

}  // namespace

int main(int count, char** values) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s FILE SECONDS\n", values[0]);
    return 2;
  }
  void* block = std::aligned_alloc(kBlockBytes, kBlockBytes);
  must(block != nullptr, "memory");
  std::fill_n(static_cast<char*>(block), kBlockBytes, 'x');
  for (const Mode& mode : kModes) {
    measure(values[1], mode, std::strtod(values[2], nullptr) * 1e6, block);
  }
  std::free(block);
  return 0;
}
