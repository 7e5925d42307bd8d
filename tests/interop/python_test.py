#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on the official SDK for Python, against `perdure serve`: orchestrations and workers."""

import datetime
import os
import subprocess
import sys
import threading
import time

import server

if __name__ == "__main__":
    server.in_environment()

import grpc
from durabletask import task
from durabletask.client import OrchestrationStatus as Status
from durabletask.worker import (ActivityWorkItemFilter, ConcurrencyOptions,
                                OrchestrationWorkItemFilter, VersionFailureStrategy,
                                VersioningOptions, VersionMatchStrategy, WorkItemFilters)

import sdk


def soon(milliseconds):
    return datetime.timedelta(milliseconds=milliseconds)


def hello(ctx, name):
    return f"Hello, {name}!"


def retries(attempts):
    return task.RetryPolicy(first_retry_interval=soon(20), max_number_of_attempts=attempts)


class Python(sdk.Case):
    def test_chaining(self):
        def chain(ctx, value):
            for _ in range(10):
                value = yield ctx.call_activity("plus_one", input=value)
            return value

        def plus_one(ctx, value):
            return value + 1

        self.worker(chain, plus_one)
        state = self.run_one("chain", 5)
        self.assertEqual((state.runtime_status, state.serialized_output), (Status.COMPLETED, "15"))

    def test_fan_out(self):
        def fan(ctx, count):
            return (yield task.when_all([ctx.call_activity("square", input=i)
                                         for i in range(count)]))

        def square(ctx, value):
            return value * value

        self.worker(fan, square)
        self.assertEqual(self.run_one("fan", 100).get_output(), [i * i for i in range(100)])

    def test_timers(self):
        def sleeps(ctx, _):
            began = ctx.current_utc_datetime
            yield ctx.create_timer(soon(200))
            between = ctx.current_utc_datetime
            yield task.when_all([ctx.create_timer(soon(100)), ctx.create_timer(soon(200))])
            yield ctx.create_timer(datetime.datetime(2001, 1, 1))
            return [str(began), (between - began).total_seconds(),
                    (ctx.current_utc_datetime - between).total_seconds()]

        self.worker(sleeps)
        began, first, second = self.run_one("sleeps").get_output()
        self.assertGreater(began, "2020")
        self.assertGreaterEqual(first, 0.2)
        self.assertGreaterEqual(second, 0.2)

    def test_long_timers_in_pieces(self):
        def sleeps(ctx, _):
            yield ctx.create_timer(soon(500))
            return "awake"

        self.worker(sleeps, maximum_timer_interval=soon(200))
        state = self.run_one("sleeps")
        self.assertEqual(state.get_output(), "awake")

    def test_events(self):
        def listen(ctx, _):
            yield ctx.wait_for_external_event("Go")
            got = []
            for _ in range(3):
                got.append((yield ctx.wait_for_external_event("Data")))
            return got

        self.worker(listen)
        made = self.client.schedule_new_orchestration("listen")
        for name, data in (("DATA", 1), ("data", {"zwei": "✓"}), ("ignored", 0), ("gO", None),
                           ("Data", [3])):
            self.client.raise_orchestration_event(made, name, data=data)
        self.assertEqual(self.ended(made).get_output(), [1, {"zwei": "✓"}, [3]])

    def test_event_or_time(self):
        def patient(ctx, _):
            event = ctx.wait_for_external_event("late")
            winner = yield task.when_any([event, ctx.create_timer(soon(200))])
            return "event" if winner == event else "time"

        self.worker(patient)
        self.assertEqual(self.run_one("patient").get_output(), "time")

    def test_events_between_orchestrations(self):
        def teller(ctx, to):
            ctx.send_event(to, "word", data=ctx.instance_id)
            ctx.send_event("nobody", "word", data=1)
            yield ctx.create_timer(soon(10))
            return "told"

        def listener(ctx, _):
            return (yield ctx.wait_for_external_event("word"))

        self.worker(teller, listener)
        ear = self.client.schedule_new_orchestration("listener")
        mouth = self.client.schedule_new_orchestration("teller", input=ear)
        self.assertEqual(self.ended(mouth).get_output(), "told")
        self.assertEqual(self.ended(ear).get_output(), mouth)

    def test_children(self):
        def parent(ctx, _):
            return (yield task.when_all([ctx.call_sub_orchestrator("child", input=i)
                                         for i in range(5)]))

        def child(ctx, value):
            return [(yield ctx.call_activity("double", input=value)), ctx.parent_instance_id]

        def double(ctx, value):
            return 2 * value

        self.worker(parent, child, double)
        state = self.run_one("parent")
        self.assertEqual(state.get_output(), [[2 * i, state.instance_id] for i in range(5)])

    def test_failures(self):
        def parent(ctx, _):
            yield ctx.call_sub_orchestrator("child")

        def child(ctx, _):
            yield ctx.call_activity("fails")

        def catching(ctx, _):
            try:
                yield ctx.call_sub_orchestrator("child")
            except task.TaskFailedError as error:
                return f"caught {error}"

        def fails(ctx, _):
            raise TypeError("not today")

        self.worker(parent, child, catching, fails)
        state = self.run_one("parent")
        self.assertEqual(state.runtime_status, Status.FAILED)
        self.assertIn("not today", state.failure_details.message)
        self.assertIn("not today", self.run_one("catching").get_output())
        self.assertEqual(self.run_one("nobody has it").runtime_status, Status.FAILED)

    def test_retries(self):
        calls = {}

        def fail(ctx, what):
            name, times = what
            calls[name] = calls.get(name, 0) + 1
            if calls[name] <= times:
                raise RuntimeError(f"{name} failed {calls[name]}")
            return calls[name]

        def activity(ctx, what):
            return (yield ctx.call_activity("fail", input=what[:2], retry_policy=retries(what[2])))

        def failing(ctx, what):
            return (yield ctx.call_activity("fail", input=what))

        def child(ctx, what):
            return (yield ctx.call_sub_orchestrator(
                "failing", input=what[:2], instance_id=f"{ctx.instance_id}-child",
                retry_policy=retries(what[2])))

        self.worker(activity, failing, child, fail)
        for kind in ("activity", "child"):
            good = self.run_one(kind, [f"{kind} good", 2, 3])
            self.assertEqual(good.serialized_output, "3", good)
            bad = self.run_one(kind, [f"{kind} bad", 9, 4])
            self.assertEqual(bad.runtime_status, Status.FAILED)
            self.assertIn(f"{kind} bad failed 4", bad.failure_details.message)
            self.assertEqual(calls[f"{kind} bad"], 4)

    def test_retries_of_many_at_once(self):
        calls = {}

        def shaky(ctx, number):
            calls[number] = calls.get(number, 0) + 1
            if calls[number] < 3:
                raise RuntimeError("again")
            return number

        def fan(ctx, _):
            return (yield task.when_all([
                ctx.call_activity("shaky", input=i, retry_policy=retries(5)) for i in range(20)]))

        self.worker(fan, shaky)
        self.assertEqual(self.run_one("fan").get_output(), list(range(20)))

    def test_continue_as_new(self):
        def counts(ctx, state):
            if state[0] == 0:
                yield ctx.wait_for_external_event("start")
            total = state[1] + (yield ctx.wait_for_external_event("add"))
            if state[0] < 9:
                yield ctx.call_sub_orchestrator("child", input=state[0])
                ctx.continue_as_new([state[0] + 1, total], save_events=True)
                return None
            return total

        def child(ctx, value):
            return value

        self.worker(counts, child)
        made = self.client.schedule_new_orchestration("counts", input=[0, 0])
        for i in range(1, 11):
            self.client.raise_orchestration_event(made, "add", data=i)
        self.client.raise_orchestration_event(made, "start")
        state = self.ended(made)
        self.assertEqual(state.get_output(), 55)
        self.assertEqual(state.get_input(), [9, 45])

    def test_custom_status_and_tags(self):
        def tells(ctx, _):
            ctx.set_custom_status({"step": "✓"})
            yield ctx.wait_for_external_event("a")
            yield ctx.call_activity("hello", input="x", tags={"on": "activity"})
            ctx.set_custom_status("")
            yield ctx.wait_for_external_event("b")

        self.worker(tells, hello)
        made = self.client.schedule_new_orchestration("tells", tags={"ä": "1"})
        status = lambda: self.client.get_orchestration_state(made).get_custom_status()
        sdk.until(status, lambda now: now == {"step": "✓"})
        self.client.raise_orchestration_event(made, "a")
        sdk.until(status, lambda now: not now)
        self.client.raise_orchestration_event(made, "b")
        self.assertEqual(self.ended(made).runtime_status, Status.COMPLETED)
        started = self.client.get_orchestration_history(made)[1]
        self.assertEqual(dict(started.tags), {"ä": "1"})

    def test_payloads(self):
        def echo(ctx, value):
            return (yield ctx.call_activity("same", input=value))

        def same(ctx, value):
            return value

        self.worker(echo, same)
        for value in (None, "", 0, False, [], {}, "é 漢字 🦆 \u0000", {"a": [{"ключ": 1.5e300}]}):
            self.assertEqual(self.run_one("echo", value).get_output(), value)
        large = "x" * ((2 << 20) - 1000)
        # The SDK receives 4 MiB, and the history has it several times: it is told so.
        state = self.run_one("echo", large)
        self.assertEqual(state.runtime_status, Status.FAILED)
        self.assertRegex(state.failure_details.message, "continue-as-new|smaller payloads")
        self.assertEqual(self.run_one("echo", "x" * 500_000).get_output(), "x" * 500_000)
        with self.assertRaises(grpc.RpcError) as refused:
            self.client.schedule_new_orchestration("echo", input="x" * (3 << 20))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_scheduled_start(self):
        def now(ctx, _):
            return ctx.current_utc_datetime.timestamp()

        self.worker(now)
        at = datetime.datetime.now(datetime.timezone.utc) + soon(1500)
        made = self.client.schedule_new_orchestration("now", start_at=at)
        self.assertEqual(self.client.get_orchestration_state(made).runtime_status, Status.PENDING)
        self.ended(made)
        self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), at)

    def test_many_at_once(self):
        def busy(ctx, number):
            first = yield ctx.call_activity("hello", input=number)
            yield ctx.create_timer(soon(10))
            return [first, (yield ctx.call_sub_orchestrator("child", input=number))]

        def child(ctx, number):
            return number

        self.worker(busy, child, hello)
        made = [self.client.schedule_new_orchestration("busy", input=i) for i in range(100)]
        for number, one in enumerate(made):
            self.assertEqual(self.ended(one).get_output(), [f"Hello, {number}!", number])


class PythonWorkers(sdk.Case):
    def test_filters(self):
        def who(ctx, name):
            return (yield ctx.call_activity(name))

        def a(ctx, _):
            return "a"

        def b(ctx, _):
            return "b"

        first = WorkItemFilters(orchestrations=[OrchestrationWorkItemFilter("who")],
                                activities=[ActivityWorkItemFilter("a")])
        self.worker(who, a, before=lambda w: w.use_work_item_filters(first))
        self.worker(b, before=lambda w: w.use_work_item_filters(
            WorkItemFilters(activities=[ActivityWorkItemFilter("b")])))
        for name in ("a", "b") * 3:
            self.assertEqual(self.run_one("who", name).get_output(), name)
        made = self.client.schedule_new_orchestration("nobody_yet")
        time.sleep(0.3)
        self.assertEqual(self.client.get_orchestration_state(made).runtime_status, Status.PENDING)

        def nobody_yet(ctx, _):
            return 1

        self.worker(nobody_yet, before=lambda w: w.use_work_item_filters())
        self.assertEqual(self.ended(made).get_output(), 1)

    def test_versions(self):
        def v(ctx, _):
            return ctx.version

        def strict(version, failure):
            return lambda w: w.use_versioning(VersioningOptions(
                version=version, match_strategy=VersionMatchStrategy.STRICT,
                failure_strategy=failure))

        one = self.worker(v, before=strict("1.0", VersionFailureStrategy.FAIL))
        run = lambda version: self.ended(
            self.client.schedule_new_orchestration("v", version=version))
        self.assertEqual(run("1.0").get_output(), "1.0")
        self.assertEqual(run("2.0").runtime_status, Status.FAILED)
        one.stop()
        self.worker(v, before=strict("1.0", VersionFailureStrategy.REJECT))
        made = self.client.schedule_new_orchestration("v", version="2.0")
        time.sleep(0.5)
        state = self.client.get_orchestration_state(made)
        self.assertNotEqual(state.runtime_status, Status.FAILED)
        self.worker(v, before=strict("2.0", VersionFailureStrategy.REJECT))
        self.assertEqual(self.ended(made).get_output(), "2.0")

    def test_limits_are_honoured(self):
        lock = threading.Lock()
        running = [0, 0]

        def slow(ctx, _):
            with lock:
                running[0] += 1
                running[1] = max(running)
            time.sleep(0.02)
            with lock:
                running[0] -= 1

        def fan(ctx, _):
            yield task.when_all([ctx.call_activity("slow") for _ in range(30)])

        self.worker(fan, slow, concurrency_options=ConcurrencyOptions(
            maximum_concurrent_activity_work_items=3, maximum_thread_pool_workers=16))
        self.assertEqual(self.run_one("fan").runtime_status, Status.COMPLETED)
        self.assertLessEqual(running[1], 3)

    def test_a_killed_worker(self):
        victim = subprocess.Popen(
            [sys.executable, "-B", str(server.HERE / "python" / "victim.py"), self.server.address,
             self.hub], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(server.HERE)})
        self.addCleanup(victim.stdout.close)
        self.addCleanup(victim.wait)
        self.addCleanup(victim.kill)
        made = self.client.schedule_new_orchestration("who")
        self.assertEqual(victim.stdout.readline(), b"begun\n")
        victim.kill()

        def who(ctx, _):
            return (yield ctx.call_activity("a"))

        def a(ctx, _):
            return "the other"

        self.worker(who, a)
        self.assertEqual(self.ended(made).get_output(), "the other")

    def test_hubs_do_not_see_each_other(self):
        def who(ctx, _):
            return "here"

        self.worker(who)
        other = self.connect("another-hub")
        self.assertEqual(self.ended(self.client.schedule_new_orchestration(
            "who", instance_id="same")).get_output(), "here")
        other.schedule_new_orchestration("who", instance_id="same")
        self.assertEqual(other.get_orchestration_state("same").runtime_status, Status.PENDING)
        self.assertEqual(self.client.purge_orchestration("same").deleted_instance_count, 1)
        self.assertIsNotNone(other.get_orchestration_state("same"))
        with self.assertRaises(TimeoutError):
            other.wait_for_orchestration_completion("same", timeout=0.3)


if __name__ == "__main__":
    server.main()
