// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The numbers of an engine as a host shows them. Pure.
#pragma once

#include <cstdint>

#include "engine/stats.h"
#include "perdure/host.h"

namespace perdure::embedded {

HostStats to_public(const engine::EngineStats& stats, std::uint64_t replays);

}  // namespace perdure::embedded
