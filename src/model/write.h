// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The unit of change of everything stored. A value.
#pragma once

#include <optional>
#include <string>

#include "model/key.h"

namespace perdure::model {

/// One key put or deleted. `fresh` promises that the key is absent at this moment: putting and then
/// deleting it within one open group of the store then costs nothing at all.
struct Write {
  Space space = Space::kInstance;
  std::string key;
  std::optional<std::string> value;  // absent: delete
  bool fresh = false;

  friend bool operator==(const Write&, const Write&) = default;
};

}  // namespace perdure::model
