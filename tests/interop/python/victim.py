# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""A worker that begins an activity, says so, and never ends it: victim.py ADDRESS HUB"""

import sys
import time

from durabletask.worker import TaskHubGrpcWorker


def who(ctx, _):
    return (yield ctx.call_activity("a"))


def a(ctx, _):
    print("begun", flush=True)
    time.sleep(3600)


worker = TaskHubGrpcWorker(host_address=sys.argv[1], metadata=[("taskhub", sys.argv[2])])
worker.add_orchestrator(who)
worker.add_activity(a)
worker.start()
time.sleep(3600)
