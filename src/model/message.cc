// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/message.h"

#include "base/overloaded.h"

namespace perdure::model {

const InstanceKey& receiver_of(const Message& message) {
  return std::visit(base::Overloaded{
                        [](const StartChild& m) -> const InstanceKey& { return m.child; },
                        [](const ChildEnded& m) -> const InstanceKey& { return m.parent.key; },
                        [](const DeliverEvent& m) -> const InstanceKey& { return m.target; },
                        [](const TerminateChild& m) -> const InstanceKey& { return m.child; },
                        [](const RewindChild& m) -> const InstanceKey& { return m.start.child; },
                        [](const StartOrchestration& m) -> const InstanceKey& { return m.target; },
                        [](const RunOperation& m) -> const InstanceKey& { return m.entity; },
                        [](const OperationEnded& m) -> const InstanceKey& { return m.caller.key; },
                        [](const AcquireLock& m) -> const InstanceKey& { return m.entity; },
                        [](const LockAcquired& m) -> const InstanceKey& { return m.owner.key; },
                        [](const ReleaseLock& m) -> const InstanceKey& { return m.entity; },
                    },
                    message);
}

}  // namespace perdure::model
