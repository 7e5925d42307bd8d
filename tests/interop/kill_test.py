#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""A worker of each language is killed every 200 ms, under load, for PERDURE_KILL_SECONDS. Every
orchestration ends with the right result, what was done to entities was done once, nothing is left.
"""

import collections
import json
import os
import select
import signal
import subprocess
import sys
import time

import server

if __name__ == "__main__":
    server.in_environment()

import raw
from raw import COMPLETED, kinds, pb, text

SECONDS = float(os.environ.get("PERDURE_KILL_SECONDS", "10"))
KILL_EVERY_SECONDS = 0.2
IN_FLIGHT = 40
END_SECONDS = 240  # for what is in flight when the last worker is left in peace
ENTITIES = 8
STEPS = {"taskScheduled": 4, "taskCompleted": 4, "timerFired": 1, "entityOperationCompleted": 1,
         "subOrchestrationInstanceCompleted": 1, "executionCompleted": 1}


class JavaScriptWorkers:
    """Each is an interpreter that begins anew. On a busy machine they take longer to begin than
    they live, so one is killed only while others are ready."""

    alive = 12
    ready_min = 3

    def __init__(self, case):
        self.folder = server.install_javascript()
        self.case = case
        self.starting = []
        self.running = collections.deque()

    def spawn(self):
        self.starting.append(subprocess.Popen(
            ["node", "killed.js", self.case.hub], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, env={**os.environ, "PERDURE_GRPC": self.case.server.address}))

    def kill(self):
        """Answers whether one was killed: the one that has been ready for the longest time."""
        said, _, _ = select.select([one.stdout for one in self.starting], [], [], 0)
        self.running += [one for one in self.starting if one.stdout in said]
        self.starting = [one for one in self.starting if one.stdout not in said]
        if len(self.running) < self.ready_min:
            return False
        self.end(self.running.popleft())
        return True

    def end(self, one):
        one.kill()
        one.wait()
        one.stdout.close()

    def close(self):
        for one in [*self.starting, *self.running]:
            self.end(one)


class PythonWorkers:
    alive = 6

    def __init__(self, case):
        self.nursery = subprocess.Popen(
            [sys.executable, "-B", str(server.HERE / "python" / "killed.py"), case.server.address,
             case.hub], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running = collections.deque()

    def spawn(self):
        self.nursery.stdin.write("one\n")
        self.nursery.stdin.flush()
        self.running.append(int(self.nursery.stdout.readline()))

    def kill(self):
        os.kill(self.running.popleft(), signal.SIGKILL)
        return True

    def close(self):
        while self.running:
            self.kill()
        self.nursery.stdin.close()
        self.nursery.wait()
        self.nursery.stdout.close()


class Kill(raw.Case):
    """With the server's defaults, although a worker's death counts against everything it held."""

    def storm(self, workers):
        self.addCleanup(workers.close)
        for _ in range(workers.alive):
            workers.spawn()
        waiting, done, kills, number = {}, [], 0, 0
        began = time.monotonic()
        next_kill = began + KILL_EVERY_SECONDS

        def collect(seconds):
            for one in [one for one, call in waiting.items() if call.done()]:
                waiting.pop(one).result()
                done.append(one)
            time.sleep(seconds)

        while time.monotonic() < began + SECONDS:
            while len(waiting) < IN_FLIGHT:
                one = self.start(f"o{number}", name="everything", input=text(str(number)))
                waiting[one] = self.stub.WaitForInstanceCompletion.future(
                    pb.GetInstanceRequest(instanceId=one), metadata=[("taskhub", self.hub)])
                number += 1
            if time.monotonic() >= next_kill:
                next_kill += KILL_EVERY_SECONDS
                if workers.kill():
                    workers.spawn()
                    kills += 1
            collect(0.005)
        in_storm = len(done)
        end = time.monotonic() + END_SECONDS
        while waiting and time.monotonic() < end:
            collect(0.02)
        self.assertEqual(list(waiting), [], "stuck")
        took = time.monotonic() - began
        self.check(number)
        print(f"{type(workers).__name__}: {SECONDS:g} s, {kills} workers killed, {number} "
              f"orchestrations, {in_storm} of them ended in the storm, all of them right; "
              f"{took:.1f} s to the last one", flush=True)

    def check(self, number):
        values = collections.Counter()
        for n in range(number):
            state = self.state(f"o{n}")
            self.assertEqual(state.orchestrationStatus, COMPLETED, state)
            self.assertEqual(json.loads(state.output.value),
                             [2 * n, 2 * n, 2 * (n + 1), 2 * (n + 2), 2 * n])
            values[f"@counter@{n % ENTITIES}"] += 2
        for entity, expected in values.items():
            self.settled(entity, expected)
        for n in range(0, number, max(1, number // 50)):
            seen = collections.Counter(kinds(self.history(f"o{n}")))
            for step, times in STEPS.items():
                self.assertEqual(seen[step], times, f"o{n}: {step}")

    def settled(self, entity, expected):
        """Signals may still be under way; more than expected is wrong at any time."""
        end = time.monotonic() + raw.WAIT_SECONDS
        while True:
            answer = self.call("GetEntity", pb.GetEntityRequest(instanceId=entity,
                                                                includeState=True))
            value = json.loads(answer.entity.serializedState.value)["value"]
            self.assertLessEqual(value, expected, f"{entity}: done more than once")
            if value == expected:
                return
            self.assertLess(time.monotonic(), end, f"{entity}: {value} of {expected}: lost")
            time.sleep(0.05)

    def test_javascript(self):
        self.storm(JavaScriptWorkers(self))

    def test_python(self):
        self.storm(PythonWorkers(self))


if __name__ == "__main__":
    server.main()
