// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See index.h.
#include "backup/index.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <unordered_set>

#include "backup/listing.h"
#include "backup/path_text.h"
#include "perdure/codec.h"
#include "perdure/failure.h"

namespace backup {
namespace {

class Summary {
 public:
  void add(const Entry& entry) {
    if (entry.kind == kFile) {
      ++report_.files;
      report_.bytes += entry.size;
      if (hashes_.insert(entry.hash).second) {
        ++report_.objects;
        report_.stored_bytes += entry.stored;
      }
    } else if (entry.kind == kLink) {
      ++report_.links;
    } else if (entry.kind == kFolder) {
      ++report_.folders;
    } else {
      ++report_.skipped;
      if (report_.skipped_first.size() < kSkippedShownMax) {
        report_.skipped_first.push_back(entry.path + ": " + entry.detail);
      }
    }
  }

  [[nodiscard]] const Report& report() const { return report_; }

 private:
  Report report_;
  std::unordered_set<std::string> hashes_;
};

}  // namespace

void write_part(const Job& job, std::uint32_t group, const std::vector<Entry>& entries) {
  replace(part_path(from_text(job.to), group), to_lines(entries));
}

Report write_index(const Job& job, std::uint32_t groups) {
  const Path target = from_text(job.to);
  Path fresh = index_path(target);
  fresh += ".new";
  File index = File::create(fresh);
  index.write(perdure::Codec<IndexHeader>::encode({.from = job.from}) + '\n');
  Summary summary;
  for (std::uint32_t group = 0; group < groups; ++group) {
    const Path part = part_path(target, group);
    const std::string lines = read_whole(part);
    for (const Entry& entry : from_lines(lines, part)) summary.add(entry);
    index.write(lines);
  }
  index.sync();
  if (std::rename(fresh.c_str(), index_path(target).c_str()) != 0) {
    throw file_error("renaming to", index_path(target));
  }
  sync_folder(target);
  return summary.report();
}

IndexHeader read_index(const Path& target, const std::function<void(const Entry&)>& visit) {
  const Path path = index_path(target);
  std::ifstream in(path);
  if (!in) throw file_error("opening", path);
  std::string line;
  std::getline(in, line);
  const IndexHeader header = perdure::Codec<IndexHeader>::decode(line);
  if (header.format != 1) {
    throw perdure::Failure(
        fmt::format("{} has format {}; this program knows format 1", to_text(path), header.format));
  }
  while (std::getline(in, line)) {
    for (const Entry& entry : from_lines(line, path)) visit(entry);
  }
  return header;
}

}  // namespace backup
