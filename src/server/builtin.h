// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What every server runs itself, for the workers of all languages: durable HTTP calls. A worker of
// the SDK in this process that takes only the reserved names.
//
// Owned by the server, which starts it after the engine and stops it before; threads of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace perdure::server {

/// Requests to the outside at a time; each blocks a thread.
inline constexpr std::size_t kHttpThreads = 8;

class Builtin final {
 public:
  /// `http_allowed`: networks that HTTP calls may reach although they are not public.
  static base::Result<std::unique_ptr<Builtin>> start(engine::Engine& engine,
                                                      const std::vector<std::string>& http_allowed);
  /// What runs ends, and what was leased goes back.
  ~Builtin();
  Builtin(const Builtin&) = delete;
  Builtin& operator=(const Builtin&) = delete;

 private:
  struct Impl;
  explicit Builtin(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
