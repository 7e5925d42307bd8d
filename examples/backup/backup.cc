// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See backup.h: first the orchestrations, then the activities.
#include "backup/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>

#include "backup/index.h"
#include "backup/listing.h"
#include "backup/objects.h"
#include "backup/path_text.h"
#include "backup/target.h"
#include "perdure/failure.h"

namespace backup {

using std::chrono_literals::operator""s;

// ---- Orchestrations -----------------------------------------------------------------------------

perdure::Task<Counts> run_group(perdure::Orchestration& ctx, Job job, std::uint32_t group) {
  auto entries = co_await ctx.call<std::vector<Entry>>("read_group", job, group);

  // Fan out: an activity for each file. A hiccup of the target is tried again.
  std::vector<CopyRequest> requests;
  for (const Entry& entry : entries) {
    if (entry.kind == kFile) requests.push_back({job, entry.path});
  }
  auto copies = ctx.map<Entry>("copy_file", requests, perdure::Retry().attempts(3).first(1s));

  // Fan in: each result takes the place of what the list said.
  Counts done;
  auto copy = copies.begin();
  for (Entry& entry : entries) {
    if (entry.kind != kFile) continue;
    done.bytes += entry.size;
    entry = co_await *copy++;
    ++done.files;
    ctx.set_status(done);
  }

  co_await ctx.call("write_part", job, group, entries);
  co_return done;
}

namespace {

/// What the lanes of one backup share.
struct Lanes {
  Progress progress;
  bool failed = false;
};

/// Copies every kLanes-th group, one after the other. After a failure no lane begins another group:
/// nothing is decided any more, so `perdure rewind` can undo the failure and let all go on. `lanes`
/// outlives this: it is the caller's.
perdure::Task<void> run_lane(perdure::Orchestration& ctx, Job job, std::uint32_t first,
                             std::uint32_t groups, Lanes& lanes) {
  for (std::uint32_t group = first; group < groups && !lanes.failed; group += kLanes) {
    Counts done;
    try {
      // An id of its own choice: a later run replaces what this one leaves.
      done = co_await ctx.child<Counts>(
          "backup_group", job, group,
          perdure::ChildOptions().id(fmt::format("{}.{:04}", ctx.id(), group)));
    } catch (const perdure::TaskFailed&) {
      lanes.failed = true;
      throw;
    }
    lanes.progress.done.files += done.files;
    lanes.progress.done.bytes += done.bytes;
    ctx.set_status(lanes.progress);
  }
}

/// Copies all groups, a few at the same time; if some fail, throws when the others have ended.
perdure::Task<void> copy_groups(perdure::Orchestration& ctx, Job job, Listing listing) {
  Lanes shared{.progress = {.phase = "copying", .total = {listing.files, listing.bytes}}};
  ctx.set_status(shared.progress);
  std::vector<perdure::Future<void>> lanes;
  for (std::uint32_t lane = 0; lane < std::min(kLanes, listing.groups); ++lane) {
    lanes.push_back(ctx.spawn(run_lane(ctx, job, lane, listing.groups, shared)));
  }
  std::exception_ptr failure;
  for (const auto& lane : lanes) {
    try {
      co_await lane;
    } catch (const perdure::TaskFailed&) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  shared.progress.phase = "writing the index";
  ctx.set_status(shared.progress);
}

}  // namespace

perdure::Task<Report> run(perdure::Orchestration& ctx, Job job) {
  ctx.set_status(Progress{.phase = "listing"});
  const Listing listing = co_await ctx.call<Listing>("list_files", job);
  co_await copy_groups(ctx, job, listing);
  const Report report = co_await ctx.call<Report>("write_index", job, listing.groups);
  // Only now, as a step of its own: until the index is recorded it may have to be made again.
  co_await ctx.call("remove_work", job);
  co_return report;
}

// ---- Activities ---------------------------------------------------------------------------------

namespace {

/// What fails at the target ends the backup, with a stable code as the type of the failure. Only
/// kUnavailable is worth another try.
template <class F>
auto at_target(F work) {
  try {
    return work();
  } catch (const std::system_error& error) {
    const perdure::ErrorCode code = code_of(error.code());
    perdure::Failure failure(error.what());
    failure.type(std::string(perdure::error_name(code)));
    if (code != perdure::ErrorCode::kUnavailable) failure.non_retriable();
    throw failure;
  }
}

/// Tells tests and people how often each file was copied.
void note_copy(const Path& target, const std::string& path) {
  File::open_to_append(copies_path(target)).write(path + '\n');
}

Entry copy_one(const Job& job, const std::string& path, const Path& scratch) {
  const Path target = from_text(job.to);
  try {
    File source = [&] {
      try {
        return File::open_to_read(from_text(job.from) / from_text(path));
      } catch (const std::system_error& error) {
        throw SourceError(error.code(), "opening");
      }
    }();
    const struct stat status = source.status();
    if (!S_ISREG(status.st_mode)) {
      return {.path = path, .kind = kSkipped, .detail = "it is no file any more"};
    }
    const StoredObject object = store_object(source, target, scratch);
    note_copy(target, path);
    return {.path = path,
            .kind = kFile,
            .mode = status.st_mode & 07777U,
            .size = object.size,
            .hash = object.hash,
            .stored = object.stored};
  } catch (const SourceError& error) {
    return {.path = path, .kind = kSkipped, .detail = error.code().message()};
  }
}

}  // namespace

Listing list_files(const Job& job) {
  return at_target([&] { return write_lists(job); });
}

std::vector<Entry> read_group(const Job& job, std::uint32_t group) {
  return at_target([&] { return read_list(job, group); });
}

Entry copy_file(perdure::Activity& activity, const CopyRequest& request) {
  const std::string call =
      fmt::format("{}/{}/{}", activity.id(), activity.execution(), activity.task());
  const Path scratch = scratch_path(from_text(request.job.to), call);
  return at_target([&] { return copy_one(request.job, request.path, scratch); });
}

void store_part(const Job& job, std::uint32_t group, const std::vector<Entry>& entries) {
  at_target([&] { write_part(job, group, entries); });
}

Report store_index(const Job& job, std::uint32_t groups) {
  return at_target([&] { return write_index(job, groups); });
}

void finish(const Job& job) {
  at_target([&] { remove_work(from_text(job.to)); });
}

}  // namespace backup
