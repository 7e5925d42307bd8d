// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/command.h"

#include "base/overloaded.h"

namespace perdure::model {
namespace {

const InstanceKey* key_of(const WorkToken& token) {
  return std::visit([](const auto& t) { return &t.key; }, token);
}

}  // namespace

const InstanceKey* instance_of(const Command& command) {
  return std::visit(
      base::Overloaded{
          [](const CompleteTurn& c) -> const InstanceKey* { return &c.token.key; },
          [](const RefuseTurn& c) -> const InstanceKey* { return &c.token.key; },
          [](const CompleteActivity& c) -> const InstanceKey* { return &c.token.key; },
          [](const ReportProgress& c) -> const InstanceKey* { return &c.token.key; },
          [](const BeginAttempt& c) { return key_of(c.token); },
          [](const ReturnWork& c) { return key_of(c.token); },
          [](const Deliver& c) { return &receiver_of(c.message); },
          [](const Acknowledge&) -> const InstanceKey* { return nullptr; },
          [](const auto& c) -> const InstanceKey* { return &c.key; },
      },
      command);
}

RequestId request_of(const Command& command) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.request; }) {
          return c.request;
        } else {
          return kNoRequest;
        }
      },
      command);
}

}  // namespace perdure::model
