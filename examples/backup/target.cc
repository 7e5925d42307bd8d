// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See target.h.
#include "backup/target.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "backup/objects.h"
#include "backup/path_text.h"
#include "perdure/codec.h"

namespace backup {
namespace {

using perdure::Error;
using perdure::ErrorCode;

bool is_within(const Path& inner, const Path& outer) {
  const auto [in, out] = std::mismatch(inner.begin(), inner.end(), outer.begin(), outer.end());
  return out == outer.end();
}

Error whose_fault(const std::system_error& error) { return {code_of(error.code()), error.what()}; }

/// A process that died while it made the folder may have left the unfinished backup.json.
bool holds_nothing(const Path& folder) {
  const std::filesystem::directory_iterator names(folder);
  return std::all_of(begin(names), end(names), [](const std::filesystem::directory_entry& entry) {
    return entry.path().filename() == "backup.json.new";
  });
}

/// What backup.json says; a default-constructed one if it is not there yet.
perdure::Result<IndexHeader> read_header(const Path& target, const Path& header) {
  if (!std::filesystem::exists(header)) {
    if (!holds_nothing(target)) {
      return Error(ErrorCode::kFailedPrecondition,
                   fmt::format("{} is not empty and no backup: choose a new folder with --to",
                               to_text(target)));
    }
    return IndexHeader();
  }
  try {
    return perdure::Codec<IndexHeader>::decode(read_whole(header));
  } catch (const perdure::DecodeError& error) {
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("{} is no backup ({}): choose a new folder with --to", to_text(target),
                             error.what()));
  }
}

}  // namespace

ErrorCode code_of(const std::error_code& error) {
  if (error == std::errc::no_space_on_device || error.value() == EDQUOT) {
    return ErrorCode::kStorageFull;
  }
  if (error == std::errc::no_such_file_or_directory) return ErrorCode::kNotFound;
  if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
      error == std::errc::read_only_file_system || error == std::errc::not_a_directory) {
    return ErrorCode::kFailedPrecondition;
  }
  return ErrorCode::kUnavailable;
}

Path list_path(const Path& target, std::uint32_t group) {
  return work_path(target) / fmt::format("list-{:06}.jsonl", group);
}

Path part_path(const Path& target, std::uint32_t group) {
  return work_path(target) / fmt::format("part-{:06}.jsonl", group);
}

Path scratch_path(const Path& target, const std::string& call) {
  return work_path(target) / ("object-" + hash_of(call).substr(0, 32));
}

perdure::Result<Job> make_job(const Path& from, const Path& to, const Path& store) {
  std::error_code error;
  const Path source = std::filesystem::canonical(from, error);
  if (error) {
    return Error(code_of(error), fmt::format("the source {}: {}", to_text(from), error.message()));
  }
  if (!std::filesystem::is_directory(source)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("the source {} is not a folder", to_text(source)));
  }
  if (::access(source.c_str(), R_OK | X_OK) != 0) {
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("the source {} may not be read by this user", to_text(source)));
  }
  const auto absolute = [](const Path& path) {
    Path whole = std::filesystem::weakly_canonical(std::filesystem::absolute(path));
    return whole.has_filename() ? whole : whole.parent_path();  // "a/b/" is "a/b"
  };
  const Path target = absolute(to);
  const Path data = absolute(store);
  const auto refuse = [](std::string_view inner, const Path& a, std::string_view outer,
                         const Path& b) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("the {} {} is inside the {} {}: it would change while it is read; "
                             "choose another folder",
                             inner, to_text(a), outer, to_text(b)));
  };
  if (is_within(target, source)) return refuse("target", target, "source", source);
  if (is_within(data, source)) return refuse("store", data, "source", source);
  if (is_within(data, target)) return refuse("store", data, "target", target);
  return Job{to_text(source), to_text(target)};
}

perdure::Result<Target> Target::open(const Job& job) try {
  const Path target = from_text(job.to);
  const Path header = target / "backup.json";
  std::error_code error;
  std::filesystem::create_directories(target, error);
  if (error) {
    return Error(code_of(error), fmt::format("making the target {}: {}", job.to, error.message()));
  }
  auto found = read_header(target, header);
  if (!found) return found.error();
  if (found->from.empty()) {
    replace(header, perdure::Codec<IndexHeader>::encode({.from = job.from}) + '\n');
  } else if (found->from != job.from) {
    return Error(
        ErrorCode::kFailedPrecondition,
        fmt::format("{} is a backup of {}: choose another folder with --to", job.to, found->from));
  }
  File lock = File::open_to_read(header);
  if (::flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return Error(ErrorCode::kUnavailable,
                 fmt::format("another backup is writing into {}: wait until it has ended", job.to));
  }
  return Target(std::move(lock));
} catch (const std::system_error& error) {
  return whose_fault(error);
}

void clear_work(const Path& target) {
  remove_work(target);
  std::filesystem::create_directory(work_path(target));
  std::filesystem::create_directories(target / "objects");
  File::create(copies_path(target)).sync();
  sync_folder(target);
}

void remove_work(const Path& target) { std::filesystem::remove_all(work_path(target)); }

}  // namespace backup
