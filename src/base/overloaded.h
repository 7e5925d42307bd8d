// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One lambda per alternative of a closed variant: an alternative without one does not compile.
#pragma once

namespace perdure::base {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace perdure::base
