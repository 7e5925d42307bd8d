// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Faults between a program and its C library, for LD_PRELOAD. Calls that name or change files below
// the folder TORTURE_FOLDER are counted, over all threads; files elsewhere are left alone. What
// happens to them is said by the environment when the program begins:
//
//   TORTURE_KILL_BEFORE=n    the process is killed before the n-th of these calls
//   TORTURE_KILL_AFTER=n     ... after it
//   TORTURE_COUNT=FILE       the number of calls is written there at the end
//   TORTURE_SYNC=skip        syncs do nothing and succeed: a store that forgets to sync
//   TORTURE_SYNC=hide        syncs are done, and succeed whatever came out: one that does not look
//   TORTURE_WRITE=hide       a write for which there is no space succeeds
//   TORTURE_DIRECT=refuse    no file can be written past the cache; so it is, too, where syncs are
//                            lied about, as a direct write needs none
//
// Thread-safe; no state but one counter.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

std::uint64_t number_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? 0 : std::strtoull(value, nullptr, 10);
}

bool is_set_to(const char* name, std::string_view wanted) {
  const char* value = std::getenv(name);
  return value != nullptr && value == wanted;
}

struct Plan {
  const char* folder = std::getenv("TORTURE_FOLDER");
  const char* count_file = std::getenv("TORTURE_COUNT");
  std::uint64_t kill_before = number_of("TORTURE_KILL_BEFORE");
  std::uint64_t kill_after = number_of("TORTURE_KILL_AFTER");
  bool skips_syncs = is_set_to("TORTURE_SYNC", "skip");
  bool hides_sync_errors = is_set_to("TORTURE_SYNC", "hide");
  bool hides_full_disk = is_set_to("TORTURE_WRITE", "hide");
  bool refuses_direct =
      is_set_to("TORTURE_DIRECT", "refuse") || std::getenv("TORTURE_SYNC") != nullptr;
};

const Plan& plan() {
  static const Plan instance;
  return instance;
}

std::atomic<std::uint64_t> calls{0};

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

bool is_watched(const char* path) {
  return plan().folder != nullptr && path != nullptr &&
         std::string_view(path).starts_with(plan().folder);
}

bool is_watched(int file) {
  if (plan().folder == nullptr) return false;
  const int kept = errno;
  std::array<char, 64> link{};
  std::array<char, PATH_MAX> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link.data(), path.data(), path.size() - 1);
  errno = kept;
  return length > 0 && is_watched(path.data());
}

/// One counted call; the process may end before or after it.
template <class Call>
auto counted(bool is_counted, Call call) {
  if (!is_counted) return call();
  const std::uint64_t number = ++calls;
  if (number == plan().kill_before) die();
  const auto answer = call();
  if (number == plan().kill_after) die();
  return answer;
}

int synced(int file, const char* name) {
  const bool watched = is_watched(file);
  const int answer = counted(
      watched, [&] { return watched && plan().skips_syncs ? 0 : real<int(int)>(name)(file); });
  return watched && plan().hides_sync_errors ? 0 : answer;
}

ssize_t hide_full_disk(bool watched, ssize_t answer, std::size_t size) {
  const bool hidden = watched && plan().hides_full_disk && answer < 0 && errno == ENOSPC;
  return hidden ? static_cast<ssize_t>(size) : answer;
}

mode_t mode_of(int flags, va_list& more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

__attribute__((destructor)) void tell_count() {
  if (plan().count_file == nullptr) return;
  std::FILE* file = std::fopen(plan().count_file, "we");
  if (file == nullptr) return;
  std::fprintf(file, "%llu\n", static_cast<unsigned long long>(calls.load()));
  std::fclose(file);
}

}  // namespace

extern "C" {

int fdatasync(int file) { return synced(file, "fdatasync"); }
int fsync(int file) { return synced(file, "fsync"); }

int sync_file_range(int file, off64_t offset, off64_t size, unsigned flags) {
  return counted(is_watched(file), [&] {
    return real<int(int, off64_t, off64_t, unsigned)>("sync_file_range")(file, offset, size, flags);
  });
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  const bool watched = is_watched(file);
  const ssize_t answer = counted(watched, [&] {
    return real<ssize_t(int, const void*, std::size_t)>("write")(file, bytes, size);
  });
  return hide_full_disk(watched, answer, size);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  const bool watched = is_watched(file);
  const ssize_t answer = counted(watched, [&] {
    return real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite")(file, bytes, size, offset);
  });
  return hide_full_disk(watched, answer, size);
}

ssize_t pwrite64(int file, const void* bytes, std::size_t size, off64_t offset) {
  return pwrite(file, bytes, size, offset);
}

int ftruncate(int file, off_t size) noexcept {
  return counted(is_watched(file), [&] { return real<int(int, off_t)>("ftruncate")(file, size); });
}

int ftruncate64(int file, off64_t size) noexcept { return ftruncate(file, size); }

int fallocate(int file, int mode, off_t offset, off_t size) {
  return counted(is_watched(file), [&] {
    return real<int(int, int, off_t, off_t)>("fallocate")(file, mode, offset, size);
  });
}

int fallocate64(int file, int mode, off64_t offset, off64_t size) {
  return fallocate(file, mode, offset, size);
}

int rename(const char* from, const char* to) noexcept {
  return counted(is_watched(to),
                 [&] { return real<int(const char*, const char*)>("rename")(from, to); });
}

int unlink(const char* path) noexcept {
  return counted(is_watched(path), [&] { return real<int(const char*)>("unlink")(path); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return counted(is_watched(path),
                 [&] { return real<int(const char*, mode_t)>("mkdir")(path, mode); });
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  if (plan().refuses_direct && (flags & O_DIRECT) != 0 && is_watched(path)) {
    errno = EINVAL;
    return -1;
  }
  return counted((flags & O_CREAT) != 0 && is_watched(path),
                 [&] { return real<int(const char*, int, ...)>("open")(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return open(path, flags, mode);
}

}  // extern "C"
