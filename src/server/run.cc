// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "runtime/clock.h"
#include "server/log.h"
#include "server/option_values.h"
#include "server/server.h"
#include "server/signals.h"

namespace perdure::server {
namespace {

/// How often files that may have changed are looked at, without a signal.
constexpr base::Duration kLookEvery = base::seconds(5);
/// The store, the libraries, and listeners.
constexpr rlim_t kDescriptorsOfOurOwn = 2048;
/// One of gRPC with how its end is noticed, and one of HTTP: each listener has its own limit.
constexpr rlim_t kDescriptorsPerConnection = 3;

/// Whoever waits for this file sees all of it or nothing.
base::Result<> write_ready_file(const Options& options, const Server& server) {
  if (options.ready_file.empty()) return {};
  std::string json = fmt::format("{{\"pid\":{},\"data\":{}", ::getpid(), quoted(options.data));
  for (const Endpoint& endpoint : server.endpoints()) {
    json += fmt::format(",\"{}\":{}", endpoint.name, quoted(to_text(endpoint.address)));
  }
  json += "}\n";
  const std::string unfinished = options.ready_file + ".new";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << json << std::flush;
  const bool written = file.good();
  file.close();
  if (!written || std::rename(unfinished.c_str(), options.ready_file.c_str()) != 0) {
    return base::fail(base::ErrorCode::kNotFound,
                      fmt::format("ready-file {} can not be written: {}", options.ready_file,
                                  std::strerror(errno)));
  }
  return {};
}

void say_ready(const Options& options, const Server& server) {
  std::string line = "perdure: ready";
  for (const Endpoint& endpoint : server.endpoints()) {
    line += fmt::format(" {}={}", endpoint.name, to_text(endpoint.address));
  }
  fmt::print("{} data={}\n", line, options.data);
  std::fflush(stdout);
}

/// Connections cost descriptors, and what a process gets by default is enough for a few hundred.
/// What to say of it; "": there are enough.
std::string raise_descriptor_limit(const Options& options) {
  const rlim_t wanted = kDescriptorsOfOurOwn + kDescriptorsPerConnection * options.connections_max;
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return "";
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == wanted) return "";
  return fmt::format(
      "the system allows {} open files (ulimit -Hn); for connections-max {} it should allow {}",
      limit.rlim_max, options.connections_max, wanted);
}

/// Who may call may have changed: because somebody says so, or because a file did.
void look_at_files(Server& server, Told told, const Log& log) {
  if (told == Told::kReload) {
    const auto reloaded = server.reload();
    if (reloaded) return log.info("the files that say who may call were read again");
    return log.error(reloaded.error().message + "; whoever was known stays known");
  }
  const auto looked = server.reload_if_changed();
  if (!looked) return log.error(looked.error().message + "; whoever was known stays known");
  if (*looked == access::Reloaded::kChanged) log.info("the files that say who may call changed");
}

}  // namespace

base::Result<> run(const Options& options) {
  const Signals signals;
  const Log log(options.log_level);
  const runtime::SystemClock clock;
  const std::string few_descriptors = raise_descriptor_limit(options);
  PERDURE_ASSIGN_OR_RETURN(const auto server, Server::start(options, clock, log));
  if (!few_descriptors.empty()) log.warning(few_descriptors);
  PERDURE_RETURN_IF_ERROR(write_ready_file(options, *server));
  say_ready(options, *server);
  for (Told told = Told::kNothing; told != Told::kEnd; told = signals.wait_for(kLookEvery)) {
    look_at_files(*server, told, log);
  }
  signals.next_one_ends_at_once();
  log.info("told to end: workers may hand in what they hold; once more ends at once");
  const auto drained = server->drain();
  if (!options.ready_file.empty()) std::remove(options.ready_file.c_str());
  return drained;
}

}  // namespace perdure::server
