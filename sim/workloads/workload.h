// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A workload: orchestrations, the clients that use them while everything goes wrong, and what must
// be true of them in the end. Several run side by side in a world; ids begin with the name of the
// workload, so that they do not meet.
//
//   begin   plans the clients' first calls
//   finish  the faults are over: whatever still runs is brought to its end
//   check   everything is at rest: judge what is left
//
// An orchestration is written with the SDK as a user would write it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/aftermath.h"
#include "perdure/registry.h"
#include "scene.h"
#include "world/bodies.h"
#include "world/client.h"
#include "world/platform.h"

namespace perdure::sim {

/// What a workload works with; outlives it.
struct Stage {
  Scene& scene;
  Calls& calls;
  Bodies& bodies;
  Platform& platform;
};

class Workload {
 public:
  virtual ~Workload() = default;

  virtual void begin() = 0;
  virtual void finish() {}
  virtual void check(const Aftermath& aftermath) = 0;
};

struct WorkloadKind {
  std::string_view name;
  void (*add_functions)(Registry& functions);
  std::unique_ptr<Workload> (*make)(Stage stage);
};

// One for each file of this folder.
extern const WorkloadKind kCompute;    // chains, fan-out, races; starts that are repeated
extern const WorkloadKind kTimers;     //
extern const WorkloadKind kEvents;     // external events through continue-as-new
extern const WorkloadKind kMessages;   // events between instances
extern const WorkloadKind kTrees;      // sub-orchestrations, terminated together
extern const WorkloadKind kOperators;  // many clients steer the same few ids
extern const WorkloadKind kRepairs;    // failures that are rewound
extern const WorkloadKind kEntities;   // state with operations, and who looks at it
extern const WorkloadKind kSections;   // critical sections whose owners end anyhow
extern const WorkloadKind kGuesses;    // speculative activities, and what follows from them

/// All of them, in a fixed order.
std::vector<const WorkloadKind*> all_workloads();
/// The functions of every workload: any worker can run any turn.
Registry all_functions();

}  // namespace perdure::sim
