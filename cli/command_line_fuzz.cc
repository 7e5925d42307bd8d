// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: the bytes, cut at each line end, are the arguments of the program. They end it
// with the status of help or of a mistake, or mean a command; no store is touched. What is printed
// meanwhile goes nowhere.
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "command_line.h"
#include "exit_status.h"

namespace {

namespace cli = perdure::cli;
using perdure::kExitOk;
using perdure::kExitUsage;
using perdure::TimePoint;

constexpr std::size_t kArgumentsMax = 64;

/// While it lives, stdout and stderr go nowhere.
class Silence {
 public:
  Silence() {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      kept_.push_back(::dup(stream));
      ::dup2(nowhere, stream);
    }
    ::close(nowhere);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    std::fflush(stdout);
    std::fflush(stderr);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      const int kept = kept_[static_cast<std::size_t>(stream - STDOUT_FILENO)];
      ::dup2(kept, stream);
      ::close(kept);
    }
  }

 private:
  std::vector<int> kept_;
};

/// It would read a file, or wait for somebody to type.
bool reads_input(const std::string& argument) {
  return argument == "-" || argument.find('@') != std::string::npos || argument.ends_with("=-");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream lines(std::string(data, data + size));
  std::vector<std::string> arguments{"perdure"};
  for (std::string line; std::getline(lines, line) && arguments.size() < kArgumentsMax;) {
    if (reads_input(line)) return 0;
    arguments.push_back(line.c_str());  // up to a zero byte, as the system hands them over
  }
  std::vector<const char*> values;
  for (const std::string& argument : arguments) values.push_back(argument.c_str());
  const Silence silence;
  cli::CommandLine line;
  if (const auto status = line.parse(static_cast<int>(values.size()), values.data())) {
    PERDURE_CHECK(*status == kExitOk || *status == kExitUsage, "another status than expected");
    return 0;
  }
  if (line.storeless_command() != nullptr) return 0;
  const auto command = line.command(TimePoint{std::chrono::seconds(1'790'000'000)});
  PERDURE_CHECK(command || !command.error().message().empty(), "an error says what is wrong");
  PERDURE_CHECK(!line.data().empty() || !command, "a command without a store");
  return 0;
}
