// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker's connection to a server: one stream after the other, until it is closed. What was not
// answered when a stream is lost is the server's again: whoever still runs it is told that nobody
// waits for the answer, and what is held of orchestrations is forgotten.
//
// Threads. Two of its own: one connects and reads; one writes what the worker's threads answer, as
// much at once as there is, so that under load a message carries many. Bounded by the credit that
// is given: as many items, and as many answers, are here at once.
//
// More activities are taken than run at once: short ones would wait for the network otherwise. When
// every thread is busy, and none of those that wait was begun for a while, they are given back, for
// others may have time. Their credit comes back with activities that end: so none is given back
// while a thread is free, which may only be slow to begin; nothing might ever end.
//
// Owned by the host; outlives its worker's threads.
#pragma once

#include <perdure/worker.grpc.pb.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "perdure/registry.h"
#include "remote/channel.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "worker/port.h"
#include "worker/worker.h"

namespace perdure::remote {

struct LinkSettings {
  std::string address;  // for messages
  std::string identity;
  std::uint32_t turns_max = 1;  // handed over and not answered, at once
  std::uint32_t activities_max = 1;
  std::uint32_t activities_ahead = 0;  // beside those
  std::function<void(std::string_view line)> on_connection;
};

class Link final : public worker::Port {
 public:
  Link(Way way, LinkSettings settings);
  /// As `close`.
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Connects and welcomes work for `functions`; `worker` hears of what is withdrawn. An error: the
  /// server was not there within the span, or does not want this worker. Once.
  base::Result<> open(worker::Worker& worker, const Registry& functions, base::Duration span);
  /// Pulls answer nothing any more; what was not begun is given back.
  void stop_taking();
  /// Until everything that was handed over is answered; false if not, after the span.
  bool wait_until_answered(base::Duration span);
  /// Sends what there is to send, and ends the connection.
  void close();

  [[nodiscard]] bool connected() const;
  [[nodiscard]] std::uint64_t connections() const { return connections_.load(); }
  [[nodiscard]] std::uint64_t items() const { return items_.load(); }

  std::vector<model::WorkItem> pull(worker::Kind kind, std::size_t count_max,
                                    base::Duration span) override;
  void flush() override;
  worker::Taken complete_turn(model::TurnToken token, model::TurnResult result) override;
  worker::Taken refuse_turn(model::TurnToken token, std::string why) override;
  worker::Taken complete_activity(model::ActivityToken token,
                                  std::variant<model::Payload, model::Failure> outcome) override;
  worker::Taken report_progress(const model::ActivityToken& token, model::Payload progress,
                                base::Duration next_within) override;
  base::Result<std::vector<model::Event>> read_history(const model::TurnToken& token,
                                                       model::EventNumber from) override;
  base::Result<> resolve(model::ActivityItem& item) override;

 private:
  struct Stream {
    ::grpc::ClientContext context;
    std::unique_ptr<::grpc::ClientReaderWriter<v1::WorkerMessage, v1::ServerMessage>> calls;
  };
  struct Answered {  // a page of a history, asked for by a thread that waits
    std::optional<base::Result<std::vector<model::Event>>> page;
  };

  // The thread that writes.
  void write();
  void write_all(runtime::Lock& lock);
  void give_back_waiting();

  // The thread that reads.
  void run();
  base::Error run_once();
  base::Error end(Stream& stream);
  void take(v1::ServerMessage& message);
  void take_withdrawn(const v1::Withdrawn& withdrawn);
  void take_turn(v1::Turn& wire);
  void take_activity(v1::Activity& wire);
  void take_page(v1::HistoryPage& wire);
  void lost();
  void report(std::string_view line) const;
  [[nodiscard]] base::Duration next_pause();
  void note_failure(const base::Error& error);

  // With the lock.
  v1::WorkerMessage& outgoing();
  template <class Item>
  void hold(std::string token, Item item);
  /// Removes the item from what is held: its token at the server. Nothing: nobody waits for it.
  std::optional<std::string> settle(const model::WorkToken& token);
  void give_credit(const model::WorkToken& token);

  const Way way_;
  const LinkSettings settings_;
  const std::unique_ptr<v1::Workers::Stub> stub_;
  v1::Hello hello_;
  worker::Worker* worker_ = nullptr;
  std::atomic<std::uint64_t> connections_ = 0;
  std::atomic<std::uint64_t> items_ = 0;
  base::Prng jitter_;     // of the thread that reads
  base::Duration pause_;  // of the thread that reads

  mutable runtime::Mutex mutex_;
  runtime::Condition changed_;  // connected, failed, closing, a write ended, all is answered
  runtime::Condition turns_there_;
  runtime::Condition activities_there_;
  runtime::Condition pages_there_;
  runtime::Condition to_write_;
  std::shared_ptr<Stream> current_;  // connecting, connected or ending
  std::shared_ptr<Stream> stream_;   // the same, while it can be written to
  bool welcomed_ = false;
  bool taking_ = true;
  bool closing_ = false;
  bool writing_ = false;
  bool flush_due_ = false;
  bool writer_ended_ = false;
  bool begun_since_look_ = false;       // an activity was
  std::uint64_t running_ = 0;           // activities that were pulled and have not ended
  std::uint64_t withheld_ = 0;          // credit of activities that were given back
  std::optional<base::Error> failure_;  // of the last attempt to connect
  std::size_t message_bytes_max_ = 0;
  std::deque<v1::WorkerMessage> outgoing_;
  std::size_t outgoing_bytes_ = 0;  // of the last of them
  std::deque<model::WorkItem> turns_;
  std::deque<model::WorkItem> activities_;
  std::map<model::WorkToken, std::string> held_;
  std::map<std::string, model::WorkToken, std::less<>> by_token_;
  std::map<std::uint64_t, Answered*> pages_;  // on the stacks of their threads
  std::uint64_t last_page_ = 0;

  runtime::Thread writer_;  // last: they use the others
  runtime::Thread reader_;
};

}  // namespace perdure::remote
