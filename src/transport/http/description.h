// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// api/openapi.yaml, as it was when the program was built. The build writes the text into it.
#pragma once

#include <string>

namespace perdure::transport::http {

std::string description();

}  // namespace perdure::transport::http
