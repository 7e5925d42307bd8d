#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on the official SDK for Python, against `perdure serve`: what clients do, entities."""

import datetime
import time

import server

if __name__ == "__main__":
    server.in_environment()

import grpc
from durabletask import entities, history, task
from durabletask.client import EntityQuery, OrchestrationQuery
from durabletask.client import OrchestrationStatus as Status

import sdk


def waits(ctx, _):
    return (yield ctx.wait_for_external_event("go"))


def quick(ctx, value):
    return value


def fails_at_once(ctx, _):
    raise RuntimeError("on purpose")


class PythonControl(sdk.Case):
    def status(self, one):
        state = self.client.get_orchestration_state(one)
        return state and state.runtime_status

    def refused(self, code, call, *arguments, **options):
        with self.assertRaises(grpc.RpcError) as refused:
            call(*arguments, **options)
        self.assertEqual(refused.exception.code(), code)
        return refused.exception.details()

    def waiting(self, **options):
        one = self.client.schedule_new_orchestration("waits", **options)
        self.client.wait_for_orchestration_start(one)
        return one

    def test_suspend_and_resume(self):
        self.worker(waits)
        one = self.waiting()
        self.client.suspend_orchestration(one)
        sdk.until(lambda: self.status(one), lambda now: now == Status.SUSPENDED)
        self.client.raise_orchestration_event(one, "go", data=7)
        time.sleep(0.2)
        self.assertEqual(self.status(one), Status.SUSPENDED)
        self.client.resume_orchestration(one)
        self.assertEqual(self.ended(one).get_output(), 7)
        for late in (self.client.suspend_orchestration, self.client.resume_orchestration,
                     self.client.terminate_orchestration):
            late(one)
        self.assertEqual(self.status(one), Status.COMPLETED)

    def test_unknown(self):
        for call in (self.client.suspend_orchestration, self.client.resume_orchestration,
                     self.client.terminate_orchestration, self.client.rewind_orchestration,
                     self.client.restart_orchestration):
            self.refused(grpc.StatusCode.NOT_FOUND, call, "nobody")
        self.refused(grpc.StatusCode.NOT_FOUND, self.client.raise_orchestration_event, "nobody",
                     "e")
        self.assertIsNone(self.client.get_orchestration_state("nobody"))
        with self.assertRaises(TimeoutError):
            self.client.wait_for_orchestration_completion("nobody", timeout=0.3)

    def test_terminate(self):
        def parent(ctx, _):
            yield ctx.call_sub_orchestrator("waits", instance_id=f"{ctx.instance_id}-c")

        worker = self.worker(waits, parent)
        one = self.waiting()
        self.client.terminate_orchestration(one, output={"by": "hand"})
        state = self.ended(one)
        self.assertEqual((state.runtime_status, state.get_output()),
                         (Status.TERMINATED, {"by": "hand"}))
        for top, recursive, after in (("deep", True, Status.TERMINATED),
                                      ("flat", False, Status.RUNNING)):
            self.client.schedule_new_orchestration("parent", instance_id=top)
            sdk.until(lambda: self.status(f"{top}-c"), lambda now: now == Status.RUNNING)
            self.client.terminate_orchestration(top, recursive=recursive)
            self.assertEqual(self.ended(top).runtime_status, Status.TERMINATED)
            sdk.until(lambda: self.status(f"{top}-c"), lambda now: now == after)
        suspended = self.waiting()
        self.client.suspend_orchestration(suspended)
        self.client.terminate_orchestration(suspended)
        self.assertEqual(self.ended(suspended).runtime_status, Status.TERMINATED)
        worker.stop()
        alone = self.client.schedule_new_orchestration("waits")
        self.client.terminate_orchestration(alone)
        self.assertEqual(self.ended(alone).runtime_status, Status.TERMINATED)

    def test_purge(self):
        def parent(ctx, _):
            yield ctx.call_sub_orchestrator("quick", instance_id=f"{ctx.instance_id}-c")

        self.worker(waits, quick, fails_at_once, parent)
        running = self.waiting()
        self.assertEqual(self.client.purge_orchestration(running).deleted_instance_count, 0)
        for one, recursive, count in (("p1", False, 1), ("p2", True, 2)):
            self.run_one("parent", instance_id=one)
            purged = self.client.purge_orchestration(one, recursive=recursive)
            self.assertEqual((purged.deleted_instance_count, purged.is_complete), (count, True))
            self.assertIsNone(self.client.get_orchestration_state(one))
        self.assertEqual(self.status("p1-c"), Status.COMPLETED)
        middle = datetime.datetime.now(datetime.timezone.utc)
        for i in range(3):
            self.run_one("fails_at_once", instance_id=f"f{i}")
        self.run_one("quick", instance_id="q")
        by = self.client.purge_orchestrations_by
        self.assertEqual(by(middle, None, [Status.FAILED]).deleted_instance_count, 3)
        self.assertEqual(by(None, middle).deleted_instance_count, 1)
        self.assertEqual(by(middle, None, [Status.RUNNING]).deleted_instance_count, 0)
        self.assertEqual(by().deleted_instance_count, 1)
        self.assertEqual(self.status(running), Status.RUNNING)

    def test_query(self):
        self.worker(waits, quick, fails_at_once)
        for i in range(12):
            self.run_one("quick", i, instance_id=f"q{i}")
        middle = datetime.datetime.now(datetime.timezone.utc)
        self.run_one("fails_at_once", instance_id="f")
        self.waiting(instance_id="w")

        def found(**query):
            return sorted(state.instance_id for state in
                          self.client.get_all_orchestration_states(OrchestrationQuery(**query)))

        self.assertEqual(len(found()), 14)
        self.assertEqual(len(found(max_instance_count=5)), 14)
        self.assertEqual(found(runtime_status=[Status.FAILED, Status.RUNNING]), ["f", "w"])
        self.assertEqual(found(created_time_from=middle), ["f", "w"])
        self.assertEqual(len(found(created_time_to=middle)), 12)
        states = self.client.get_all_orchestration_states(
            OrchestrationQuery(created_time_to=middle, fetch_inputs_and_outputs=True))
        self.assertEqual(sorted(state.get_output() for state in states), list(range(12)))
        listed, token = [], None
        while True:
            page = self.client.list_instance_ids(page_size=5, continuation_token=token)
            listed += page.items
            token = page.continuation_token
            if not token:
                break
        self.assertEqual(listed, [f"q{i}" for i in range(12)] + ["f"])
        self.assertEqual(self.client.list_instance_ids([Status.FAILED]).items, ["f"])

    def test_waits(self):
        one = self.client.schedule_new_orchestration("waits", input="in")
        with self.assertRaises(TimeoutError):
            self.client.wait_for_orchestration_start(one, timeout=0.3)
        self.worker(waits)
        state = self.client.wait_for_orchestration_start(one, fetch_payloads=True)
        self.assertEqual((state.runtime_status, state.get_input()), (Status.RUNNING, "in"))
        with self.assertRaises(TimeoutError):
            self.client.wait_for_orchestration_completion(one, timeout=0.3)

    def test_ids(self):
        self.worker(waits, quick)
        self.client.schedule_new_orchestration("waits", instance_id="the-id")
        text = self.refused(grpc.StatusCode.ALREADY_EXISTS, self.client.schedule_new_orchestration,
                            "quick", instance_id="the-id")
        self.assertIn("orchestration instance already exists", text)
        self.client.raise_orchestration_event("the-id", "go", data=1)
        self.assertEqual(self.ended("the-id").get_output(), 1)
        self.assertEqual(self.run_one("quick", 2, instance_id="the-id").get_output(), 2)

    def test_rewind(self):
        calls = {"good": 0, "bad": 0, "child": 0}
        broken = [True]

        def good(ctx, _):
            calls["good"] += 1

        def bad(ctx, which):
            calls[which] += 1
            if broken[0]:
                raise RuntimeError("broken")
            return which

        def works(ctx, _):
            yield ctx.call_activity("good")
            first = yield ctx.call_sub_orchestrator("nested", instance_id=f"{ctx.instance_id}-c")
            return [first, (yield ctx.call_activity("bad", input="bad"))]

        def nested(ctx, _):
            return (yield ctx.call_activity("bad", input="child"))

        self.worker(works, nested, good, bad)
        one = self.run_one("works", instance_id="to-rewind").instance_id
        self.assertEqual(self.status(one), Status.FAILED)
        broken[0] = False
        self.client.rewind_orchestration(one, reason="mended")
        state = sdk.until(lambda: self.client.get_orchestration_state(one),
                          lambda now: now.runtime_status == Status.COMPLETED)
        self.assertEqual(state.get_output(), ["child", "bad"])
        self.assertEqual(calls, {"good": 1, "bad": 1, "child": 2})
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, self.client.rewind_orchestration, one)

    def test_restart(self):
        self.worker(waits, quick)
        one = self.run_one("quick", {"n": 1}).instance_id
        self.assertEqual(self.client.restart_orchestration(one), one)
        self.assertEqual(self.ended(one).get_output(), {"n": 1})
        other = self.client.restart_orchestration(one, restart_with_new_instance_id=True)
        self.assertNotEqual(other, one)
        self.assertEqual(self.ended(other).get_output(), {"n": 1})
        running = self.waiting()
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, self.client.restart_orchestration,
                     running)

    def test_history(self):
        def everything(ctx, _):
            yield ctx.call_activity("same", input=1)
            yield ctx.create_timer(datetime.timedelta(milliseconds=10))
            yield ctx.call_sub_orchestrator("quick", input=2)
            return "done"

        def same(ctx, value):
            return value

        self.worker(everything, same, quick)
        one = self.run_one("everything").instance_id
        events = self.client.get_orchestration_history(one)
        kinds = [type(event).__name__ for event in events]
        for kind in ("ExecutionStartedEvent", "ExecutionCompletedEvent", "TaskScheduledEvent",
                     "TaskCompletedEvent", "TimerCreatedEvent", "TimerFiredEvent",
                     "SubOrchestrationInstanceCreatedEvent",
                     "SubOrchestrationInstanceCompletedEvent"):
            self.assertEqual(kinds.count(kind), 1, kind)
        of = dict(zip(kinds, events))
        self.assertEqual(of["TaskCompletedEvent"].task_scheduled_id,
                         of["TaskScheduledEvent"].event_id)
        self.assertEqual(of["TimerFiredEvent"].timer_id, of["TimerCreatedEvent"].event_id)
        self.assertEqual(kinds[-1], "ExecutionCompletedEvent")
        self.assertTrue(all(isinstance(event, history.HistoryEvent) for event in events))


class Counter(entities.DurableEntity):
    def value(self):
        return self.get_state(int, 0)

    def add(self, amount):
        self.set_state(self.value() + amount)
        return self.value()

    def get(self, _=None):
        return self.value()

    def set(self, amount):
        self.set_state(amount)

    def fail(self, text):
        self.set_state(-1)
        raise TypeError(text)

    def forward(self, what):
        self.signal_entity(entities.EntityInstanceId("Counter", what[0]), "add", what[1])

    def begin(self, name):
        return self.schedule_new_orchestration("started", self.value(), instance_id=name)


def counter(key):
    return entities.EntityInstanceId("Counter", key)


class PythonEntities(sdk.Case):
    def value(self, key, wanted):
        def now():
            entity = self.client.get_entity(counter(key))
            return entity and entity.get_typed_state(int)
        return sdk.until(now, lambda value: value == wanted)

    def free(self, key):
        sdk.until(lambda: self.client.get_entity(counter(key)),
                  lambda entity: entity and not entity._locked_by)

    def test_signals(self):
        self.worker(entities=[Counter])
        self.assertIsNone(self.client.get_entity(counter("K")))
        for i in range(1, 21):
            self.client.signal_entity(counter("K"), "add", i)
        self.value("K", 210)
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        self.client.signal_entity(counter("K"), "add", 1, signal_time=at)
        self.client.signal_entity(counter("K"), "add", 1000)
        self.value("K", 1210)
        self.value("K", 1211)
        self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), at)
        self.client.signal_entity(counter("K"), "delete")
        sdk.until(lambda: self.client.get_entity(counter("K")), lambda now: now is None)

    def test_calls(self):
        def calls(ctx, _):
            first = yield ctx.call_entity(counter("c"), "add", 5)
            both = yield task.when_all([ctx.call_entity(counter("c"), "add", 1),
                                        ctx.call_entity(counter("c"), "add", 2)])
            try:
                yield ctx.call_entity(counter("c"), "fail", "on purpose")
                failure = None
            except Exception as error:
                failure = str(error)
            ctx.signal_entity(counter("other"), "add", 3)
            return [first, both, failure, (yield ctx.call_entity(counter("c"), "get"))]

        self.worker(calls, entities=[Counter])
        first, both, failure, last = self.run_one("calls").get_output()
        self.assertEqual((first, both, last), (5, [6, 8], 8))
        self.assertIn("on purpose", failure)
        self.value("other", 3)

    def test_unknown(self):
        def unknown(ctx, what):
            return (yield ctx.call_entity(entities.EntityInstanceId(what[0], "k"), what[1], 1))

        self.worker(unknown, entities=[Counter])
        for what in (["nobody", "add"], ["Counter", "fly"]):
            self.assertEqual(self.run_one("unknown", what).runtime_status, Status.FAILED, what)

    def test_entities_act(self):
        def started(ctx, value):
            return value

        self.worker(started, entities=[Counter])
        self.client.signal_entity(counter("a"), "set", 7)
        self.client.signal_entity(counter("a"), "forward", ["b", 4])
        self.value("b", 4)
        self.client.signal_entity(counter("a"), "begin", "from-an-entity")
        self.assertEqual(self.ended("from-an-entity").get_output(), 7)

    def test_query(self):
        self.worker(entities=[Counter])
        for i in range(12):
            self.client.signal_entity(counter(f"k{i}"), "add", i)
        ask = lambda **query: self.client.get_all_entities(EntityQuery(**query))
        sdk.until(lambda: len(ask()), lambda count: count == 12)
        self.assertEqual(len(ask(page_size=5)), 12)
        self.assertEqual(sorted(one.id.key for one in ask(instance_id_starts_with="@counter@k1")),
                         ["k1", "k10", "k11"])
        self.assertFalse(any(one.includes_state for one in ask(include_state=False)))
        self.assertEqual(self.client.get_all_orchestration_states(), [])
        cleaned = self.client.clean_entity_storage()
        self.assertEqual((cleaned.empty_entities_removed, cleaned.orphaned_locks_released), (0, 0))

    def test_sections(self):
        def transfer(ctx, what):
            source, target, amount = what
            with (yield ctx.lock_entities([counter(source), counter(target)])):
                have = yield ctx.call_entity(counter(source), "get")
                has = yield ctx.call_entity(counter(target), "get")
                yield ctx.call_entity(counter(source), "set", have - amount)
                yield ctx.call_entity(counter(target), "set", has + amount)

        self.worker(transfer, entities=[Counter])
        keys = ["a", "B", "c", "D"]
        for key in keys:
            self.client.signal_entity(counter(key), "set", 1000)
        for key in keys:
            self.value(key, 1000)
        made = [self.client.schedule_new_orchestration(
            "transfer", input=[keys[i % 4], keys[(i + 1 + i % 3) % 4], i]) for i in range(30)]
        for one in made:
            self.assertEqual(self.ended(one).runtime_status, Status.COMPLETED)
        total = 0
        for key in keys:
            self.free(key)
            total += self.client.get_entity(counter(key)).get_typed_state(int)
        self.assertEqual(total, 4000)

    def test_sections_end_with_their_owner(self):
        def holds(ctx, how):
            yield ctx.lock_entities([counter("x"), counter("y")])
            if how == "fail":
                raise RuntimeError("inside")
            if how == "again":
                ctx.continue_as_new("end")
                return None
            if how == "wait":
                yield ctx.wait_for_external_event("go")
            return how

        self.worker(holds, entities=[Counter])
        for key in ("x", "y"):
            self.client.signal_entity(counter(key), "set", 0)
            self.value(key, 0)
        for how, status in (("fail", Status.FAILED), ("end", Status.COMPLETED),
                            ("again", Status.COMPLETED)):
            self.assertEqual(self.run_one("holds", how).runtime_status, status)
            self.free("x")
            self.free("y")
        one = self.client.schedule_new_orchestration("holds", input="wait")
        sdk.until(lambda: self.client.get_entity(counter("y"))._locked_by, lambda by: by == one)
        self.client.signal_entity(counter("x"), "add", 1)
        time.sleep(0.2)
        self.assertEqual(self.client.get_entity(counter("x")).get_typed_state(int), 0)
        self.client.terminate_orchestration(one)
        self.value("x", 1)
        self.free("y")


if __name__ == "__main__":
    server.main()
