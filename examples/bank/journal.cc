// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "bank/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bank {
namespace {

/// A transfer in the words of `perdure verify`: docs/reference/verify.md.
std::string transaction(const Asked& asked, const Receipt& receipt, std::int64_t return_ns) {
  const Transfer& t = asked.transfer;
  return fmt::format(
      R"({{"process":{},"op":"transaction","value":[["read","{}"],["append","{}",{}],)"
      R"(["read","{}"],["append","{}",{}]],"result":[{},null,{},null],"call_ns":{},)"
      R"("return_ns":{},"status":"ok"}})"
      "\n",
      asked.process, t.from, t.from, t.number, t.to, t.to, t.number,
      perdure::Codec<std::vector<std::int64_t>>::encode(receipt.from_before),
      perdure::Codec<std::vector<std::int64_t>>::encode(receipt.to_before), asked.call_ns,
      return_ns);
}

}  // namespace

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string Journal::open(const std::string& path) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind;
    Asked asked;
    words >> kind >> asked.transfer.number;
    if (kind == "ask") {
      words >> asked.process >> asked.call_ns >> asked.transfer.from >> asked.transfer.to >>
          asked.transfer.cents;
      last_ = std::max(last_, asked.transfer.number);
      open_[asked.transfer.number] = asked;
    } else if (kind == "answer") {
      open_.erase(asked.transfer.number);
    }
  }
  file_ = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  return file_ >= 0 ? "" : path + ": " + std::strerror(errno);
}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

void Journal::ask(const Asked& asked) {
  const Transfer& t = asked.transfer;
  write(fmt::format("ask {} {} {} {} {} {}\n", t.number, asked.process, asked.call_ns, t.from, t.to,
                    t.cents));
}

void Journal::answer(const Asked& asked, const Receipt& receipt) {
  const std::string line = receipt.moved ? transaction(asked, receipt, monotonic_ns()) : "";
  write(line + fmt::format("answer {}\n", asked.transfer.number));
}

void Journal::write(const std::string& line) {
  const ssize_t written = ::write(file_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    fmt::print(stderr, "the journal can not be written: {}\n", std::strerror(errno));
    std::_Exit(1);
  }
}

}  // namespace bank
