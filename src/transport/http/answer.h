// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a handler puts its answer: now or later, on any thread. The first complete answer counts;
// what comes after it, or after the client left, goes nowhere and does no harm. An exchange that
// every handle was let go of without an answer is answered with 500.
//
// Handles are copied freely; all of them are one exchange. Thread-safe. They may outlive the
// listener. Callbacks run on the connection's thread: they must neither block nor throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "transport/http/message.h"

namespace perdure::transport::http {

/// Why nobody will wait for the answer to its end.
enum class Interruption : std::uint8_t {
  kGone,      // the client left; an answer goes nowhere
  kDraining,  // the server is about to stop: what waits for something should answer now
};

/// The connection's side. Every method may be called from any thread.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(Response response) = 0;
  virtual void begin(Head head) = 0;
  /// False: the client is gone, or reads so slowly that it was given up.
  virtual bool write(std::string piece) = 0;
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  virtual void end() = 0;
  virtual void on_interrupted(std::function<void(Interruption)> callback) = 0;
  virtual void after(base::Duration span, std::function<void()> callback) = 0;
};

class Answer final {
 public:
  explicit Answer(std::shared_ptr<Outlet> outlet);

  void send(Response response) const;

  /// A stream: the head, any number of pieces, the end. Nothing is sent without `begin`.
  void begin(Head head) const;
  [[nodiscard]] bool write(std::string piece) const;
  /// Bytes of the stream that the client has not taken yet.
  [[nodiscard]] std::size_t waiting() const;
  void end() const;

  /// At most once for each kind; at once if it has happened. One callback: a later one replaces it.
  void on_interrupted(std::function<void(Interruption)> callback) const;
  /// Once after the span, unless the answer is complete or the client gone by then. One at a time:
  /// a later one replaces it.
  void after(base::Duration span, std::function<void()> callback) const;

 private:
  // Shared by the handles, which callbacks of the engine hold: the last one tells.
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace perdure::transport::http
