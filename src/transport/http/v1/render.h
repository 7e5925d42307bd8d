// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The nouns as JSON of our own API. Every member is described in api/openapi.yaml. Pure.
#pragma once

#include <string>

#include "model/entity.h"
#include "model/event.h"
#include "model/failure.h"
#include "model/instance.h"

namespace perdure::transport::http::v1 {

std::string render(const model::Failure& failure);
std::string render(const model::InstanceSnapshot& instance);
/// `number`: of the event in the history of its execution.
std::string render(model::EventNumber number, const model::Event& event);
/// `with_state` of model::EntitySnapshot.
enum class State : std::uint8_t { kLeaveOut, kInclude };
std::string render(const model::EntitySnapshot& entity, State state);

}  // namespace perdure::transport::http::v1
