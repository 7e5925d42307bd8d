// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One worker's stream of work items (GetWorkItems): a place in the dispatcher from the call to its
// end, whatever ends it. Leases live exactly as long. Answers come as calls of their own, maybe on
// another connection, and find the session by the item's completion token (Sessions).
//
// Threads. The dispatcher's callback comes on engine threads and only leaves a note. Items are
// pulled, translated and written on the session's thread of the pump; while what was written has
// not left, no more than kQueuedMax items are pulled: a worker that does not read holds up nobody.
// Answers come on threads of gRPC.
//
// Owned by itself, from `begin` to OnDone; whoever else has a pointer keeps it alive.
#pragma once

#include <durabletask/orchestrator_service.grpc.pb.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/permit.h"
#include "base/result.h"
#include "dispatch/dispatcher.h"
#include "engine/engine.h"
#include "runtime/monitor.h"
#include "transport/durabletask/history.h"
#include "transport/durabletask/turns.h"
#include "transport/grpc/pump.h"

namespace perdure::durabletask {

/// Leases of a kind for a worker that leaves the number to the server, and the most for any.
inline constexpr std::size_t kLeasesDefault = 100;
inline constexpr std::size_t kLeasesMax = 10'000;
/// Items that wait to be written.
inline constexpr std::size_t kQueuedMax = 32;
/// Several SDKs receive messages of at most 4 MiB; what is longer must be streamed or can not be
/// sent.
inline constexpr std::size_t kMessageBytesSmall = (std::size_t{4} << 20) - (std::size_t{64} << 10);
/// A history that is longer travels as a stream, to workers that can do that.
inline constexpr std::size_t kStreamedHistoryBytes = std::size_t{1} << 20;
/// SDKs take a stream for dead after 120 s of silence.
inline constexpr base::Duration kPingAfter = base::seconds(30);
/// A turn that a worker returned is not offered again at once: it would come back at once. Twice as
/// long each time, up to the second.
inline constexpr base::Duration kDeclinedDelayMin = base::milliseconds(100);
inline constexpr base::Duration kDeclinedDelayMax = base::seconds(10);
/// Bytes of a turn's answer in pieces, before the last one.
inline constexpr std::size_t kPiecesBytesMax = std::size_t{32} << 20;

class Sessions;

/// What a worker said about itself.
struct WorkerProfile {
  Dialect dialect = Dialect::kCurrent;
  /// Its SDK receives messages of any size.
  bool takes_large_messages = false;
  bool streams_history = false;
  std::string agent;  // its user agent, for people
  std::string peer;   // the other end of its connection
};

class Session final : public ::grpc::ServerWriteReactor<::WorkItem>,
                      public std::enable_shared_from_this<Session> {
 public:
  struct Surroundings {
    engine::Engine& engine;
    transport::Pump& pump;
    Sessions& sessions;
  };

  /// The surroundings outlive the session.
  Session(Surroundings around, access::Permit permit, WorkerProfile profile);

  /// Once, before the reactor is handed to gRPC.
  void begin(const ::GetWorkItemsRequest& request);
  /// Ends the stream, so that the worker looks for another server. Any thread but an engine's.
  void end(::grpc::Status status);
  /// Pings if it was silent, and returns declined turns whose time has come.
  void tick(base::Timestamp now);

  [[nodiscard]] const std::string& hub() const { return permit_.hub(); }
  [[nodiscard]] const WorkerProfile& profile() const { return profile_; }
  [[nodiscard]] const std::string& id() const { return id_; }

  // ---- answers: a token that is not held any more is nobody's business, and fine ----
  base::Result<> complete(const std::string& token, ::OrchestratorResponse response);
  void complete(const std::string& token, ::ActivityResponse response);
  void complete(const std::string& token, ::EntityBatchResult result);
  void decline(const std::string& token);
  /// For workers that return no tokens; empty: nothing of theirs is held for it.
  [[nodiscard]] std::string token_of_turn(const std::string& instance) const;
  [[nodiscard]] std::string token_of_activity(const std::string& instance, std::int32_t task) const;
  /// The turn of this instance that the worker holds, for its history.
  [[nodiscard]] std::optional<model::TurnToken> turn_held(const std::string& instance) const;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Held {
    model::WorkToken work;
    Earlier earlier;
    ::OrchestratorResponse pieces;  // of an answer that comes in several
    std::int32_t pieces_taken = 0;
    std::optional<base::Timestamp> returned_at;  // declined: goes back then
  };

  // On the pump's thread.
  void advance();
  void write_next();
  std::optional<::WorkItem> to_wire(model::WorkItem item, Held& held);
  std::optional<::WorkItem> turn_to_wire(model::TurnItem item, Held& held);
  std::optional<::WorkItem> activity_to_wire(model::ActivityItem item);
  /// Ends the execution (of an entity: the batch) with an error that its clients see.
  void fail_turn(const model::TurnToken& token, std::string why);
  base::Result<> add_past(const model::TurnToken& token, HistoryTranslator& history,
                          ::OrchestratorRequest* request);

  static std::string activity_name(const std::string& instance, std::int32_t task);
  void schedule();
  [[nodiscard]] std::optional<dispatch::WorkerId> worker() const;
  /// Ends the holding, if the token is for this kind of work.
  template <class Token>
  std::optional<Held> take(const std::string& token);
  /// Whatever finds the token by another name. REQUIRES: the mutex.
  void drop_names(const std::string& token, const model::WorkToken& work);
  base::Result<std::optional<::OrchestratorResponse>> gather(const std::string& token,
                                                             ::OrchestratorResponse piece);

  const Surroundings around_;
  const access::Permit permit_;
  const WorkerProfile profile_;
  const std::string id_;      // random: the first part of its tokens
  const std::size_t thread_;  // of the pump
  std::shared_ptr<Session> self_;
  std::atomic<bool> scheduled_ = false;

  mutable runtime::Mutex mutex_;
  std::optional<dispatch::WorkerId> worker_;
  std::unordered_map<std::string, Held> held_;               // by completion token
  std::unordered_map<std::string, std::string> turns_;       // by instance
  std::unordered_map<std::string, std::string> activities_;  // by instance and task
  /// How often the turns of an instance came back.
  std::unordered_map<std::string, int> declined_;
  std::deque<::WorkItem> queue_;  // the first is being written, if `writing_`
  std::uint64_t last_token_ = 0;
  base::Timestamp last_write_;
  bool writing_ = false;
  std::optional<::grpc::Status> closing_;
};

}  // namespace perdure::durabletask
