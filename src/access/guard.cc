// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/guard.h"

#include <fmt/format.h>

#include "model/checks.h"
#include "model/limits.h"

namespace perdure::access {

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kRead: return "read";
    case Action::kOperate: return "operate";
    case Action::kWork: return "work";
    case Action::kAdminister: return "administer";
  }
  return "unknown";
}

Guard Guard::open_to_all() { return {}; }

base::Result<Permit> Guard::admit(const Credentials& /*credentials*/, Action action,
                                  std::string_view hub) const {
  PERDURE_RETURN_IF_ERROR(model::check_name("task hub name", hub, model::kHubNameBytesMax));
  return Permit(std::string(hub), action, {});
}

}  // namespace perdure::access
