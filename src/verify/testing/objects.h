// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One small correct object for each model, written without a look at the checkers. Pure.
#pragma once

#include <memory>

#include "verify/models.h"
#include "verify/testing/histories.h"

namespace perdure::verify::testing {

std::unique_ptr<Object> make_object(Model model);

}  // namespace perdure::verify::testing
