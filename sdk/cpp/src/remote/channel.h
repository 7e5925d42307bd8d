// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The way to a server: a channel, and what every call carries. Values; thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "perdure/remote.h"

namespace perdure::remote {

struct Way {
  std::shared_ptr<::grpc::Channel> channel;
  std::string hub;
  std::string authorization;  // empty: none

  /// Puts the headers into a new call.
  void begin(::grpc::ClientContext& context) const;
};

/// kInvalidArgument: a file of certificates or keys can not be read. Connects to nothing yet.
base::Result<Way> make_way(const ConnectOptions& options);

/// From now on.
void set_deadline(::grpc::ClientContext& context, base::Duration span);

/// kUnavailable: no connection within the span.
base::Result<> wait_for_connection(const Way& way, const std::string& address, base::Duration span);

}  // namespace perdure::remote
