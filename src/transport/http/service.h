// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything that this program answers over HTTP, as the one handler of a listener: our own API,
// that of Durable Functions, its own description, and whether it is alive.
//
// Thread-safe. Owned by the server; the hubs, the guard and the clock outlive every answer.
#pragma once

#include <memory>

#include "transport/http/router.h"
#include "transport/http/site.h"

namespace perdure::transport::http {

class Service final {
 public:
  Service(hub::Hubs& hubs, const access::Guard& guard, const runtime::Clock& clock,
          SiteOptions options);

  /// Refuses what a page of another origin sent from a browser, and hosts that are not ours.
  void serve(Request request, const Answer& answer) const;
  /// The same as a value that keeps what it needs.
  [[nodiscard]] Handler handler() const;

  [[nodiscard]] const Router& router() const { return *router_; }

 private:
  const std::shared_ptr<Site> site_;  // shared with the calls under way
  const std::shared_ptr<const Router> router_;
};

}  // namespace perdure::transport::http
