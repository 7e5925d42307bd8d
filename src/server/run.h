// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of the process `perdure serve`: start, one ready line, work, drain, end.
#pragma once

#include "base/result.h"
#include "server/options.h"

namespace perdure::server {

/// Returns when it was told to end and has drained. An error is that of the start, or of the store
/// at the end. To be called before the process has threads: signals are its own from then on.
base::Result<> run(const Options& options);

}  // namespace perdure::server
