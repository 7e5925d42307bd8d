// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See arguments.h.
#include "backup/arguments.h"

#include <fmt/format.h>

#include <map>

namespace backup {

const std::string_view kHelp = R"(backup - a backup that survives kill -9

Copies every file below a folder into another one: compressed, each content once, in an
orchestration with one activity for each file. Kill it at any moment: the same command goes on
where it was, and ends with the same report.

usage: backup [--from DIR] [--to DIR] [--data STORE] [--verify]

  --from DIR     what to back up                  (default: /usr/share/doc)
  --to DIR       where to: a new folder, or an earlier backup of the same folder
                                                  (default: perdure-backup)
  --data STORE   the store folder of the engine   (default: perdure-data)
  --verify       then restore everything into a scratch folder and compare every byte with the
                 source
  --help         this text

A backup that was interrupted goes on. One that has ended is done again as a new run; contents that
are there already are not stored twice. Files that vanish or can not be read are reported as
skipped.

exit status: 0 done; 1 the backup failed or is not equal to the source; 2 usage; 3 not found;
  5 a folder can not be used as it is; 6 store in use; 7 not a store; 8 store damaged; 9 disk full;
  10 try again later; 75 the store could not go on; 130 interrupted.

example:
  backup --from /usr/share/doc --to /tmp/doc-backup --data /tmp/doc-store --verify
)";

perdure::Result<Arguments> parse_arguments(int count, const char* const* values) {
  Arguments arguments;
  const std::map<std::string_view, std::string*> options = {
      {"--from", &arguments.from}, {"--to", &arguments.to}, {"--data", &arguments.data}};
  const auto usage = [](std::string problem) {
    return perdure::Error(perdure::ErrorCode::kInvalidArgument,
                          std::move(problem) + "; see backup --help");
  };
  for (int i = 1; i < count; ++i) {
    std::string_view name = values[i];
    if (name == "--help" || name == "-h") {
      arguments.action = Arguments::Action::kHelp;
      return arguments;
    }
    if (name == "--verify") {
      arguments.action = Arguments::Action::kBackupAndVerify;
      continue;
    }
    const std::size_t equals = name.find('=');
    const auto option = options.find(name.substr(0, equals));
    if (option == options.end()) return usage(fmt::format("unknown argument '{}'", name));
    if (equals != std::string_view::npos) {
      *option->second = name.substr(equals + 1);
    } else if (i + 1 < count) {
      *option->second = values[++i];
    } else {
      return usage(fmt::format("{} needs a folder", name));
    }
    if (option->second->empty()) return usage(fmt::format("{} needs a folder", option->first));
  }
  return arguments;
}

}  // namespace backup
