// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Tokens of work items as workers see them: bytes that only this server reads. Whether a worker
// holds what its token names is not for the token to say: the dispatcher knows. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/work_item.h"

namespace perdure::worker_service {

std::string encode_token(const model::WorkToken& token);
/// kInvalidArgument for bytes that are no token.
base::Result<model::WorkToken> decode_token(std::string_view bytes);

}  // namespace perdure::worker_service
