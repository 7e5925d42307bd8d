// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How a call of a client becomes a command, and the command's reply the call's answer. Private to
// the hub.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "access/permit.h"
#include "base/check.h"
#include "engine/engine.h"
#include "hub/hubs.h"

namespace perdure::hub {

/// A transport that asked for another permit than it uses is a bug, never a denial.
inline void require(const access::Permit& permit, access::Action action) {
  PERDURE_CHECK(permit.action() == action, "a permit is used for another action than it is for");
}

inline model::InstanceKey key_of(const access::Permit& permit, std::string id) {
  return {permit.hub(), std::move(id)};
}

/// `Answer` is the kind of reply that the command has when it is not refused.
template <class Answer, class Command>
model::RequestId ask(engine::Engine& engine, Command command, Then<Answer> then) {
  return engine.request(std::move(command), [then = std::move(then)](model::ReplyBody body) {
    if (auto* error = std::get_if<base::Error>(&body)) return then(std::unexpected(*error));
    then(std::get<Answer>(std::move(body)));
  });
}

template <class Command>
void tell(engine::Engine& engine, Command command, Then<> then) {
  engine.request(std::move(command), [then = std::move(then)](model::ReplyBody body) {
    if (auto* error = std::get_if<base::Error>(&body)) return then(std::unexpected(*error));
    then({});
  });
}

}  // namespace perdure::hub
