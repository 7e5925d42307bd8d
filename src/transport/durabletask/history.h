// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A history of ours as the protocol tells it. Not thread-safe; one for each reading.
#pragma once

#include <durabletask/orchestrator_service.pb.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "model/event.h"
#include "model/ids.h"

namespace perdure::durabletask {

/// What the other side can read.
enum class Dialect : std::uint8_t {
  kCurrent,
  /// The Java SDK: releases before entities speak a protocol without tokens, and fail
  /// orchestrations over events that they do not know; later ones can not be told from them.
  kJava,
  /// The Go SDK: a protocol of 2023. Events that it does not know fail its orchestrations, work
  /// items that it does not know are never answered, and it returns no tokens.
  kGo,
};

enum class Reader : std::uint8_t {
  kWorker,  // replays it: what a worker of ours never saw is left out
  kClient,  // looks at it
};

/// Of one execution, from its first event on, in order.
class HistoryTranslator final {
 public:
  HistoryTranslator(model::InstanceKey key, model::Execution execution, Dialect dialect,
                    Reader reader);

  /// Adds what stands for `event`; that may be nothing.
  void add(const model::Event& event, google::protobuf::RepeatedPtrField<::HistoryEvent>* events);

  /// The critical sections that were requested so far, by the name the worker has for them.
  [[nodiscard]] const std::map<std::string, model::TaskId>& sections() const { return sections_; }
  /// The events to others that were sent so far.
  [[nodiscard]] const std::set<model::TaskId>& sent() const { return sent_; }

 private:
  struct Translate;

  const model::InstanceKey key_;
  const model::Execution execution_;
  const std::string execution_text_;
  const Dialect dialect_;
  const Reader reader_;
  /// What the worker calls a task whose outcome is told by that name.
  std::map<model::TaskId, std::string> correlations_;
  std::map<std::string, model::TaskId> sections_;
  std::set<model::TaskId> sent_;
  std::int32_t raised_ = 0;  // events that were raised so far
};

/// What the worker called it; a name made of the task where it was another kind of worker.
std::string correlation_of(const std::string& correlation, model::TaskId task);

}  // namespace perdure::durabletask
