// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of the workloads. A new one joins here.
#include "workloads/workload.h"

namespace perdure::sim {

std::vector<const WorkloadKind*> all_workloads() {
  return {&kCompute,   &kTimers,  &kEvents,   &kMessages, &kTrees,
          &kOperators, &kRepairs, &kEntities, &kSections, &kGuesses};
}

Registry all_functions() {
  Registry functions;
  for (const WorkloadKind* kind : all_workloads()) kind->add_functions(functions);
  return functions;
}

}  // namespace perdure::sim
