// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See verify.h.
#include "backup/verify.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "backup/index.h"
#include "backup/listing.h"
#include "backup/objects.h"
#include "backup/path_text.h"
#include "perdure/codec_error.h"
#include "perdure/failure.h"

namespace backup {
namespace {

bool equal_content(const Path& a, const Path& b) {
  File left = File::open_to_read(a);
  File right = File::open_to_read(b);
  std::vector<char> from_left(std::size_t{256} << 10);
  std::vector<char> from_right(from_left.size());
  // Reads of regular files are short only at the end.
  for (;;) {
    const std::size_t count = left.read(from_left);
    if (count != right.read(from_right)) return false;
    if (std::memcmp(from_left.data(), from_right.data(), count) != 0) return false;
    if (count == 0) return true;
  }
}

class Verifier {
 public:
  Verifier(Path source, Path target, const std::function<void(const Counts&)>& watch)
      : source_(std::move(source)),
        target_(std::move(target)),
        scratch_(work_path(target_) / "restored"),
        watch_(watch) {}

  Verdict run() {
    remove_work(target_);
    std::filesystem::create_directories(scratch_);
    read_index(target_, [this](const Entry& entry) { take(entry); });
    // What is in the source and in no line of the index.
    walk(source_, [this](const Entry& entry) {
      if (!expected_.contains(entry.path)) differ(entry.path, "is not in the backup");
    });
    remove_work(target_);
    return std::move(verdict_);
  }

 private:
  void take(const Entry& entry) try {
    expected_.insert(entry.path);
    if (entry.kind == kSkipped) return;
    const Path path = from_text(entry.path);
    const Path restored = scratch_ / path;
    const Path original = source_ / path;
    struct stat status = {};
    if (::lstat(original.c_str(), &status) != 0)
      return differ(entry.path, "is gone from the source");
    if (entry.kind == kFile) {
      take_file(entry, restored, original, status);
    } else if (entry.kind == kLink) {
      take_link(entry, restored, original, status);
    } else {
      take_folder(entry, restored, status);
    }
  } catch (const std::exception& error) {
    differ(entry.path, error.what());
  }

  void take_file(const Entry& entry, const Path& restored, const Path& original,
                 const struct stat& status) {
    restore_object(target_, entry.hash, restored);
    if (::chmod(restored.c_str(), entry.mode) != 0)
      throw file_error("setting the mode of", restored);
    if (!S_ISREG(status.st_mode)) return differ(entry.path, "is no file in the source");
    if (!equal_content(restored, original)) return differ(entry.path, "has another content");
    if (!same_mode(entry, status)) return;
    ++verdict_.files;
    verdict_.bytes += entry.size;
    watch_({verdict_.files, verdict_.bytes});
  }

  void take_link(const Entry& entry, const Path& restored, const Path& original,
                 const struct stat& status) {
    std::filesystem::create_symlink(from_text(entry.detail), restored);
    if (!S_ISLNK(status.st_mode)) return differ(entry.path, "is no link in the source");
    if (std::filesystem::read_symlink(original) != std::filesystem::read_symlink(restored)) {
      return differ(entry.path, "leads elsewhere");
    }
    ++verdict_.links;
  }

  void take_folder(const Entry& entry, const Path& restored, const struct stat& status) {
    std::filesystem::create_directory(restored);
    if (!S_ISDIR(status.st_mode)) return differ(entry.path, "is no folder in the source");
    if (same_mode(entry, status)) ++verdict_.folders;
  }

  bool same_mode(const Entry& entry, const struct stat& status) {
    if (entry.mode == (status.st_mode & 07777U)) return true;
    differ(entry.path, "has other permissions");
    return false;
  }

  void differ(const std::string& path, std::string_view how) {
    ++verdict_.differences;
    if (verdict_.first.size() < kDifferencesShownMax) {
      verdict_.first.push_back(fmt::format("{}: {}", path, how));
    }
  }

  Path source_;
  Path target_;
  Path scratch_;
  const std::function<void(const Counts&)>& watch_;  // outlives this
  std::set<std::string> expected_;
  Verdict verdict_;
};

}  // namespace

perdure::Result<Verdict> verify(const Job& job,
                                const std::function<void(const Counts&)>& watch) try {
  return Verifier(from_text(job.from), from_text(job.to), watch).run();
} catch (const std::system_error& error) {
  return perdure::Error(code_of(error.code()), error.what());
} catch (const perdure::DecodeError& error) {
  return perdure::Error(perdure::ErrorCode::kFailedPrecondition,
                        fmt::format("the index of {} is damaged: {}", job.to, error.what()));
} catch (const perdure::Failure& error) {
  return perdure::Error(perdure::ErrorCode::kFailedPrecondition, error.what());
}

}  // namespace backup
