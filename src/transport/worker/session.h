// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One worker's stream: a place in the dispatcher from its first message to its end, whatever ends
// it. Leases live exactly as long.
//
// Threads. gRPC calls the On... methods, one message after the other, but OnCancel at any time.
// The dispatcher's callbacks come on engine threads and only leave a note. Everything that goes out
// is put together and written on the session's thread of the pump, one message at a time: while one
// is under way nothing is pulled, so a worker that does not read has at most one message and what
// its credit allows, and holds up nobody.
//
// Owned by itself, from `begin` to OnDone; whoever else has a pointer keeps it alive.
#pragma once

#include <grpcpp/support/server_callback.h>
#include <perdure/worker.pb.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/permit.h"
#include "base/result.h"
#include "dispatch/dispatcher.h"
#include "engine/engine.h"
#include "runtime/monitor.h"
#include "transport/grpc/pump.h"

namespace perdure::worker_service {

/// Items that a worker may have asked for and not yet got; more is a worker that miscounts.
inline constexpr std::uint64_t kCreditMax = 1'000'000;
/// Leases of a kind that one worker may have, whatever its credit says.
inline constexpr std::size_t kLeasesMax = 100'000;
/// Pages of histories that a worker may have asked for and not yet got.
inline constexpr std::size_t kHistoryRequestsMax = 10'000;
/// A message is closed when it has so many bytes, or so many items.
inline constexpr std::size_t kMessageBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMessageItems = 512;

/// What operators see of a worker.
struct WorkerInfo {
  std::string hub;
  std::string identity;
  std::string peer;
};

/// All outlive the sessions.
struct SessionSurroundings {
  engine::Engine& engine;
  transport::Pump& pump;
  std::size_t message_bytes_max;
};

class Session final : public ::grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>,
                      public std::enable_shared_from_this<Session> {
 public:
  Session(const SessionSurroundings& surroundings, access::Permit permit, std::string peer);

  /// Once, before the reactor is handed to gRPC.
  void begin();
  /// No further items; answers are still taken. Any thread.
  void drain();
  /// Returns every lease and ends the stream; the first reason counts. Any thread but an engine's.
  void close(::grpc::Status status);
  /// Of a worker that has introduced itself.
  [[nodiscard]] std::optional<WorkerInfo> info() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct HistoryRequest {
    std::uint64_t request = 0;
    model::TurnToken token;
    model::EventNumber from = 0;
  };

  // What comes in, on a thread of gRPC.
  base::Result<> take(v1::WorkerMessage& message);
  base::Result<> greet(v1::Hello& hello);
  base::Result<> take_answers(dispatch::WorkerId worker, v1::WorkerMessage& message);
  base::Result<> take_turn(dispatch::WorkerId worker, v1::TurnAnswer& answer);
  base::Result<> take_activity(dispatch::WorkerId worker, v1::ActivityAnswer& answer);
  base::Result<> take_progress(dispatch::WorkerId worker, v1::ProgressReport& report);
  base::Result<> take_credit(const v1::WorkerMessage& message);
  base::Result<> take_history_requests(const v1::WorkerMessage& message);
  [[nodiscard]] bool is_of_this_hub(const model::WorkToken& token) const;

  // What goes out, on the pump's thread.
  void advance();
  void compose();
  [[nodiscard]] bool has_many_withdrawn();
  void pull(dispatch::WorkerId worker);
  void add(model::WorkItem item);
  void add_history();
  void add_withdrawn();

  /// `advance` runs soon. Any thread.
  void schedule();
  /// False: far more than the leases wait to be told.
  [[nodiscard]] bool note_withdrawn(model::WorkToken token);
  engine::Engine& engine_;
  transport::Pump& pump_;
  const std::size_t message_bytes_max_;
  const access::Permit permit_;
  const std::string peer_;
  const std::size_t thread_;  // of the pump
  std::shared_ptr<Session> self_;

  v1::WorkerMessage incoming_;  // of the read under way
  std::atomic<bool> scheduled_ = false;

  // Of the pump's thread, and of gRPC while a write is under way.
  v1::ServerMessage outgoing_;
  std::size_t outgoing_bytes_ = 0;
  std::size_t outgoing_items_ = 0;
  std::deque<model::WorkItem> pulled_;  // did not fit into the message before

  mutable runtime::Mutex mutex_;
  bool greeted_ = false;
  std::string identity_;
  std::optional<dispatch::WorkerId> worker_;
  std::uint64_t credit_turns_ = 0;
  std::uint64_t credit_activities_ = 0;
  bool welcome_due_ = false;
  bool draining_ = false;
  bool drain_due_ = false;
  bool writing_ = false;
  std::optional<::grpc::Status> closing_;
  std::deque<HistoryRequest> history_requests_;

  runtime::Mutex withdrawn_mutex_;
  std::vector<model::WorkToken> withdrawn_;  // bounded by leases and answers: note_withdrawn
};

}  // namespace perdure::worker_service
