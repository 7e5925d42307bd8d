// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The client's calls, carried out by a server. Each is sent once, and waits for its answer;
// `wait` goes on over lost connections. Thread-safe.
//
// What a thread waits for is a call of its own: the answer wakes that thread and no other. What no
// thread waits for shares a stream (Talk), while one is open.
#pragma once

#include <perdure/clients.grpc.pb.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "perdure/client.h"
#include "remote/channel.h"
#include "remote/talk.h"
#include "runtime/monitor.h"

namespace perdure::remote {

class Backend final : public ClientBackend {
 public:
  explicit Backend(Way way);
  ~Backend() override;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  Result<std::string> start(std::string name, std::optional<std::string> input,
                            StartOptions options) override;
  void start(std::string name, std::optional<std::string> input, StartOptions options,
             Done<std::string> done) override;
  Result<void> raise(std::string id, std::string event,
                     std::optional<std::string> payload) override;
  Result<void> terminate(std::string id, std::string reason, bool recursive) override;
  Result<void> suspend(std::string id, std::string reason) override;
  Result<void> resume(std::string id, std::string reason) override;
  Result<void> rewind(std::string id, std::string reason) override;
  Result<void> restart(std::string id) override;
  Result<void> purge(std::string id) override;
  Result<std::uint64_t> purge(const Filter& filter) override;
  Result<Instance> get(std::string id, bool with_input) override;
  Result<Instance> wait(std::string id, bool until_ended,
                        std::chrono::microseconds timeout) override;
  void wait(std::string id, Done<Instance> done) override;
  Result<Page> list(const Filter& filter, std::size_t page_size,
                    std::string_view continuation) override;
  Result<std::vector<HistoryEvent>> history(std::string id, std::uint64_t from,
                                            std::size_t events_max) override;
  Result<History> record(std::string id) override;
  /// kUnimplemented: a server scrubs by itself.
  Result<std::optional<ScrubbedFile>> scrub(std::string_view after) override;
  Result<Payload> call(const EntityId& entity, std::string operation, Payload input) override;
  void call(const EntityId& entity, std::string operation, Payload input,
            Done<Payload> done) override;
  Result<void> signal(const EntityId& entity, std::string operation, Payload input,
                      std::optional<TimePoint> due) override;
  Result<EntityInfo> get(const EntityId& entity) override;
  Result<EntityPage> entities(std::string_view name, std::size_t page_size,
                              std::string_view continuation) override;

 private:
  using Stub = v1::Clients::Stub;
  class Awaited;
  template <class Request, class Reply>
  using AsyncMethod = void (Stub::async::*)(::grpc::ClientContext*, const Request*, Reply*,
                                            std::function<void(::grpc::Status)>);
  template <class Request, class Reply>
  using Method = ::grpc::Status (Stub::*)(::grpc::ClientContext*, const Request&, Reply*);

  template <class Request, class Reply>
  Result<Reply> ask(Method<Request, Reply> method, const Request& request, base::Duration span);
  template <class Request, class Reply>
  void send(AsyncMethod<Request, Reply> method, Request request, Done<Reply> done);
  template <class Request>
  Result<void> tell(Method<Request, v1::Done> method, const Request& request);
  /// False, and nothing was moved from: ask in a call of its own.
  bool ask_together(v1::ClientCall& call, Talk::Patience patience, Talk::Then& then);
  std::shared_ptr<Talk> talk();
  Result<v1::HistoryPiece> piece(const std::string& id, std::uint64_t from);

  const Way way_;
  const std::shared_ptr<Stub> stub_;  // calls that are under way outlive the backend

  runtime::Mutex mutex_;
  bool is_older_server_ = false;  // it knows no streams of calls
  runtime::Condition::Deadline next_talk_;
  std::shared_ptr<Talk> talk_;
  const std::shared_ptr<Talks> talks_ = std::make_shared<Talks>();
};

}  // namespace perdure::remote
