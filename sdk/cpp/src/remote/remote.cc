// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "perdure/remote.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "convert.h"
#include "remote/backend.h"
#include "remote/channel.h"
#include "remote/link.h"
#include "runtime/entropy.h"
#include "worker/pool.h"
#include "worker/worker.h"

namespace perdure {
namespace {

constexpr std::size_t kActivityThreadsMin = 4;
/// Turns that are here ahead of running them: more than the network takes to bring the next.
constexpr std::size_t kTurnsPerThread = 64;
/// Short activities would wait for the network otherwise; Link gives back what waits in vain.
constexpr std::size_t kActivitiesAheadPerThread = 15;
constexpr std::size_t kThreadsMax = 10'000;

void log_to_stderr(std::string_view instance, std::string_view line) {
  std::fprintf(stderr, "[%.*s] %.*s\n", static_cast<int>(instance.size()), instance.data(),
               static_cast<int>(line.size()), line.data());
}

void report_to_stderr(std::string_view line) {
  std::fprintf(stderr, "perdure: %.*s\n", static_cast<int>(line.size()), line.data());
}

std::string default_identity() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) name = {"unknown"};
  return fmt::format("{}:{}", name.data(), ::getpid());
}

base::Duration to_span(std::chrono::milliseconds span) { return base::milliseconds(span.count()); }

}  // namespace

Result<Client> connect(const ConnectOptions& options) {
  auto way = remote::make_way(options);
  if (!way) return internal::to_public(way.error());
  const auto connected =
      remote::wait_for_connection(*way, options.address(), to_span(options.patience()));
  if (!connected) return internal::to_public(connected.error());
  return Client(std::make_shared<remote::Backend>(*std::move(way)));
}

struct RemoteHost::Impl {
  Impl(ConnectOptions connect_options, WorkOptions work_options)
      : connect(std::move(connect_options)), work(std::move(work_options)) {}

  ConnectOptions connect;
  WorkOptions work;
  Registry functions;
  std::optional<remote::Link> link;
  std::optional<worker::Worker> worker;
  std::optional<worker::Pool> pool;

  [[nodiscard]] std::size_t activity_threads() const {
    const std::size_t wanted =
        work.activity_threads() != WorkOptions::kDefaultThreads
            ? work.activity_threads()
            : std::max(kActivityThreadsMin, std::size_t{2} * runtime::processor_count());
    return std::min(wanted, kThreadsMax);
  }
  [[nodiscard]] std::size_t turn_threads() const {
    return std::min(work.turn_threads(), kThreadsMax);
  }
  base::Result<> begin(const remote::Way& way);
};

base::Result<> RemoteHost::Impl::begin(const remote::Way& way) {
  link.emplace(
      way, remote::LinkSettings{
               .address = connect.address(),
               .identity = work.identity().empty() ? default_identity() : work.identity(),
               .turns_max = static_cast<std::uint32_t>(turn_threads() * kTurnsPerThread),
               .activities_max = static_cast<std::uint32_t>(activity_threads()),
               .activities_ahead =
                   static_cast<std::uint32_t>(activity_threads() * kActivitiesAheadPerThread),
               .on_connection = work.on_connection() ? work.on_connection() : report_to_stderr});
  worker.emplace(*link, functions,
                 worker::WorkerSettings{.held_max = work.held_orchestrations(),
                                        .log = work.log() ? work.log() : log_to_stderr});
  auto opened = link->open(*worker, functions, to_span(connect.patience()));
  if (!opened) {
    link.reset();
    worker.reset();
    return opened;
  }
  pool.emplace(*link, *worker, turn_threads(), activity_threads());
  return {};
}

RemoteHost::RemoteHost(ConnectOptions connect, WorkOptions work)
    : impl_(std::make_unique<Impl>(std::move(connect), std::move(work))) {}

RemoteHost::~RemoteHost() { stop(); }

Registry& RemoteHost::registry() { return impl_->functions; }

Result<Client> RemoteHost::start() {
  Impl& self = *impl_;
  if (self.link) return Error(ErrorCode::kFailedPrecondition, "the host is started already");
  auto way = remote::make_way(self.connect);
  if (!way) return internal::to_public(way.error());
  if (const auto begun = self.begin(*way); !begun) return internal::to_public(begun.error());
  return Client(std::make_shared<remote::Backend>(*std::move(way)));
}

void RemoteHost::stop(std::chrono::milliseconds patience) {
  Impl& self = *impl_;
  if (!self.link) return;
  self.pool->let_end();
  self.link->stop_taking();
  if (!self.link->wait_until_answered(to_span(patience))) self.worker->cancel_all();
  self.link->close();
  self.pool.reset();  // joins: there is no way to stop a thread
  self.link.reset();
  self.worker.reset();
}

RemoteStats RemoteHost::stats() const {
  const Impl& self = *impl_;
  if (!self.link) return {};
  return {.connected = self.link->connected(),
          .connections = self.link->connections(),
          .items = self.link->items(),
          .replays = self.worker->replays()};
}

}  // namespace perdure
