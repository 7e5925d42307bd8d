// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "exit_status.h"

namespace torture {
namespace {

/// Answers whether the line was understood.
bool take(Ledger& ledger, const std::string& line) {
  std::istringstream words(line);
  std::string kind;
  std::string id;
  if (!(words >> kind)) return true;  // the rest of a torn line ends in an empty one
  if (kind == "open") return ++ledger.openings > 0;
  if (!(words >> id)) return false;
  if (kind == "ran") {
    std::string call;
    Run run;
    if (!(words >> call >> run.token >> run.previous)) return false;
    ledger.runs[id][call].push_back(std::move(run));
    return true;
  }
  if (kind == "early") return false;
  Told& told = ledger.instances[id];
  std::uint64_t number = 0;
  if (kind == "try") return true;
  if (kind == "start") return told.start_acknowledged = true;
  if (kind == "end") return static_cast<bool>(words >> told.output);
  if (kind == "purging") return told.purge_tried = true;
  if (kind == "purged") return told.purge_acknowledged = true;
  if (!(words >> number)) return false;
  if (kind == "send") return (told.last_event_tried = number) > 0;
  return kind == "raise" && told.events_acknowledged.insert(number).second;
}

}  // namespace

void Writer::line(std::string_view text) const {
  const std::string whole = fmt::format("{}\n", text);
  if (::write(file_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size())) return;
  std::perror("torture: the ledger can not be written");
  std::_Exit(perdure::kExitInternal);
}

Ledger Ledger::read(const std::string& path) {
  Ledger ledger;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (file.eof()) break;  // no newline behind it: never completed, so nothing rested on it
    if (!take(ledger, line)) ledger.faults.push_back(line);
  }
  return ledger;
}

}  // namespace torture
