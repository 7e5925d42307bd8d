// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls of a client that share one stream (Clients.Converse). What is asked while a message is
// under way leaves together with the next one, and so does what is asked by callbacks of one
// message of answers: under load a message carries many.
//
// A stream that is not open takes nothing: the caller asks in a call of its own, as it does of a
// server that does not know streams. A call that was taken and then lost its stream answers
// kUnavailable, like any call whose connection is lost: nobody knows whether it was carried out.
//
// Thread-safe. Callbacks come on threads of gRPC. Owned by whoever asks, and by itself while its
// stream is there. Bounded by the calls that the server says it takes, and by kTalkCallBytesMax.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/support/client_callback.h>
#include <perdure/clients.grpc.pb.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "remote/channel.h"
#include "runtime/monitor.h"

namespace perdure::remote {

/// A larger call goes alone: there is nothing to share, and others would wait behind it.
inline constexpr std::size_t kTalkCallBytesMax = std::size_t{8} << 10;
/// A message is closed when it has so many bytes. With one more call it is still less than what
/// any server takes.
inline constexpr std::size_t kTalkMessageBytes = std::size_t{32} << 10;

/// How many streams of one client are there. gRPC's threads end with the last channel, and can not
/// wait for themselves: so a client waits for its streams before it lets its channel go.
class Talks final {
 public:
  void add();
  void remove();
  void wait_until_none();

 private:
  runtime::Mutex mutex_;
  runtime::Condition changed_;
  int count_ = 0;
};

class Talk final : public ::grpc::ClientBidiReactor<v1::ClientCalls, v1::ClientAnswers>,
                   public std::enable_shared_from_this<Talk> {
 public:
  /// What the server answered; a problem of the call itself is an answer, too.
  using Then = std::function<void(base::Result<v1::ClientAnswer>)>;
  enum class Patience : std::uint8_t { kCommit, kForEver };

  Talk(const Way& way, std::shared_ptr<v1::Clients::Stub> stub, std::shared_ptr<Talks> talks);
  ~Talk() override = default;

  /// Once.
  void begin();
  /// False, and nothing was moved from: it is not open, takes no more, or not such a large one.
  bool ask(v1::ClientCall& call, Patience patience, Then& then);
  /// Nothing more will be asked: it ends with its last answer.
  void let_end();
  /// The same, but only what needs no more than a commit is waited for; what waits for longer hears
  /// kUnavailable. Not from a callback.
  void close();
  /// This thread is in a callback.
  [[nodiscard]] static bool is_telling();
  [[nodiscard]] bool has_ended() const;
  /// It never will be open: the server is an older one.
  [[nodiscard]] bool is_unknown() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const ::grpc::Status& status) override;

 private:
  struct Counted {  // counts this as there, until its destructor
    explicit Counted(std::shared_ptr<Talks> in) : talks(std::move(in)) { talks->add(); }
    ~Counted() { talks->remove(); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    const std::shared_ptr<Talks> talks;
  };
  struct Asked {
    Patience patience = Patience::kCommit;
    Then then;
    runtime::Condition::Deadline by;
  };
  using Calls = std::unordered_map<std::uint64_t, Asked>;

  void take(v1::ClientAnswers& message);
  void settle(v1::ClientAnswer& answer);
  /// Starts a write if there is something to say and none is under way.
  void flush();
  void end();
  void watch();
  void look();

  const Counted counted_;  // first: what holds the channel goes before
  ::grpc::ClientContext context_;
  const std::shared_ptr<v1::Clients::Stub> stub_;
  ::grpc::Alarm alarm_;  // looks after the patience of calls, and after idleness
  std::shared_ptr<Talk> self_;
  v1::ClientAnswers incoming_;
  v1::ClientCalls outgoing_;  // of the write under way

  mutable runtime::Mutex mutex_;
  runtime::Condition answered_;  // and nothing more will be asked
  bool open_ = false;
  bool ended_ = false;
  bool unknown_ = false;
  bool no_more_ = false;  // asked to end
  bool closed_ = false;   // said so
  bool writing_ = false;
  bool taking_ = false;  // callbacks run, and may ask more
  int idle_looks_ = 0;
  std::size_t commits_ = 0;  // of the calls, those that need no more
  std::size_t calls_max_ = 0;
  std::uint64_t last_number_ = 0;
  std::deque<v1::ClientCalls> next_;  // messages that wait
  std::size_t next_bytes_ = 0;        // of the last of them
  Calls calls_;
};

}  // namespace perdure::remote
