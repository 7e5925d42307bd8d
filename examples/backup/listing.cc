// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See listing.h.
#include "backup/listing.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "backup/path_text.h"
#include "backup/target.h"
#include "perdure/codec.h"
#include "perdure/failure.h"

namespace backup {
namespace {

Entry skipped(const Path& path, std::string reason) {
  return {.path = to_text(path), .kind = kSkipped, .detail = std::move(reason)};
}

Entry describe(const Path& root, const Path& path) {
  const Path full = root / path;
  struct stat status = {};
  if (::lstat(full.c_str(), &status) != 0) {
    return skipped(path, std::system_category().message(errno));
  }
  Entry entry{.path = to_text(path), .mode = status.st_mode & 07777U};
  if (S_ISREG(status.st_mode)) {
    entry.kind = kFile;
    entry.size = static_cast<std::uint64_t>(status.st_size);
  } else if (S_ISDIR(status.st_mode)) {
    entry.kind = kFolder;
  } else if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    entry.kind = kLink;
    entry.detail = to_text(std::filesystem::read_symlink(full, error));
    if (error) return skipped(path, error.message());
  } else {
    return skipped(path, "neither a file, a link nor a folder");
  }
  return entry;
}

void walk_folder(const Path& root, const Path& folder,
                 const std::function<void(const Entry&)>& visit) {
  std::error_code error;
  std::vector<Path> names;
  std::filesystem::directory_iterator at(root / folder, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename());
  }
  if (error) visit(skipped(folder, "its content: " + error.message()));
  std::sort(names.begin(), names.end());
  for (const Path& name : names) {
    const Path path = folder / name;
    const Entry entry = describe(root, path);
    visit(entry);
    if (entry.kind == kFolder) walk_folder(root, path, visit);
  }
}

/// Collects entries and writes a list for every full group.
class Lists {
 public:
  explicit Lists(Path target) : target_(std::move(target)) {}

  void add(const Entry& entry) {
    std::string line = perdure::Codec<Entry>::encode(entry) + '\n';
    if (entries_ == kGroupEntriesMax || lines_.size() + line.size() > kGroupBytesMax) flush();
    lines_ += line;
    ++entries_;
    if (entry.kind != kFile) return;
    ++listing_.files;
    listing_.bytes += entry.size;
  }

  Listing finish() {
    if (entries_ > 0) flush();
    return listing_;
  }

 private:
  void flush() {
    replace(list_path(target_, listing_.groups), lines_);
    ++listing_.groups;
    lines_.clear();
    entries_ = 0;
  }

  Path target_;
  std::string lines_;
  std::size_t entries_ = 0;
  Listing listing_;
};

}  // namespace

void walk(const Path& root, const std::function<void(const Entry&)>& visit) {
  walk_folder(root, {}, visit);
}

Listing write_lists(const Job& job) {
  if (!std::filesystem::is_directory(from_text(job.from))) {
    throw perdure::Failure(fmt::format("the source {} is gone", job.from))
        .type("NOT_FOUND")
        .non_retriable();
  }
  const Path target = from_text(job.to);
  clear_work(target);
  Lists lists(target);
  walk(from_text(job.from), [&](const Entry& entry) { lists.add(entry); });
  return lists.finish();
}

std::vector<Entry> read_list(const Job& job, std::uint32_t group) {
  const Path path = list_path(from_text(job.to), group);
  return from_lines(read_whole(path), path);
}

std::string to_lines(const std::vector<Entry>& entries) {
  std::string lines;
  for (const Entry& entry : entries) lines += perdure::Codec<Entry>::encode(entry) + '\n';
  return lines;
}

std::vector<Entry> from_lines(const std::string& text, const Path& path) {
  std::vector<Entry> entries;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    try {
      entries.push_back(perdure::Codec<Entry>::decode({text.data() + from, end - from}));
    } catch (const perdure::DecodeError& error) {
      throw perdure::Failure(fmt::format("line {} of {} is damaged: {}", entries.size() + 1,
                                         to_text(path), error.what()))
          .non_retriable();
    }
    from = end + 1;
  }
  return entries;
}

}  // namespace backup
