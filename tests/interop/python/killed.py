# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Workers of kill_test.py: killed.py ADDRESS HUB. For each line on stdin a process is forked, whose
number is written: that takes a moment, where a new interpreter takes as long as it would live."""

import logging
import os
import signal
import sys
import threading

from durabletask import entities, task
from durabletask.worker import TaskHubGrpcWorker


def everything(ctx, n):
    import datetime
    first = yield ctx.call_activity("double", input=n)
    fan = yield task.when_all([ctx.call_activity("double", input=n + i) for i in range(3)])
    yield ctx.create_timer(datetime.timedelta(milliseconds=10))
    counter = entities.EntityInstanceId("Counter", str(n % 8))
    ctx.signal_entity(counter, "add", 1)
    yield ctx.call_entity(counter, "add", 1)
    child_value = yield ctx.call_sub_orchestrator("child", input=n)
    return [first, *fan, child_value]


def child(ctx, n):
    return (yield ctx.call_activity("double", input=n))


def double(ctx, n):
    return 2 * n


class Counter(entities.DurableEntity):
    def add(self, amount):
        state = self.get_state(dict) or {"value": 0}
        state["value"] += amount
        self.set_state(state)
        return state["value"]


def run():
    logging.disable(logging.CRITICAL)
    worker = TaskHubGrpcWorker(host_address=sys.argv[1], metadata=[("taskhub", sys.argv[2])])
    worker.add_orchestrator(everything)
    worker.add_orchestrator(child)
    worker.add_activity(double)
    worker.add_entity(Counter)
    worker.start()
    threading.Event().wait()


signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        run()
    print(pid, flush=True)
