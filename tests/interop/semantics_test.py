#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What a server of the Durable Task protocol owes its clients and workers, said on the wire, as far
as the programs on the SDKs do not already show it."""

import json
import time

import server

if __name__ == "__main__":
    server.in_environment()

import grpc

import raw
from raw import (CONTINUED, FAILED, PENDING, TERMINATED, activity, child, complete, entity_call,
                 entity_signal, kind, kinds, pb, send, success, text, timer)


class Turns(raw.Case):
    def test_a_start_without_an_id_has_a_fresh_one(self):
        self.assertNotEqual(self.start(), self.start())
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "StartInstance",
                     pb.CreateInstanceRequest(instanceId="a"))

    def test_the_same_execution_id_is_the_same_start(self):
        for _ in range(2):
            self.start("a", executionId=text("by-the-caller"))
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "StartInstance", pb.CreateInstanceRequest(
            instanceId="a", name="o", executionId=text("another")))

    def test_one_turn_at_a_time_and_what_comes_meanwhile_is_in_the_next(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        self.raise_event("a", "one")
        self.raise_event("a", "two")
        worker.nothing()
        worker.answer(item)
        request = worker.turn("a").orchestratorRequest
        self.assertEqual(kinds(request.pastEvents), ["orchestratorStarted", "executionStarted"])
        self.assertEqual(kinds(request.newEvents),
                         ["orchestratorStarted", "eventRaised", "eventRaised"])
        self.assertEqual([event.eventRaised.name for event in request.newEvents[1:]],
                         ["one", "two"])

    def test_what_a_lost_worker_held_comes_again_as_it_was(self):
        first = self.worker()
        self.start("a")
        self.raise_event("a", "early")
        lost = first.turn("a")
        self.raise_event("a", "late")
        first.close()
        second = self.worker()
        again = second.turn("a")
        self.assertNotEqual(again.completionToken, lost.completionToken)
        self.assertEqual(kinds(again.orchestratorRequest.newEvents),
                         ["orchestratorStarted", "executionStarted", "eventRaised", "eventRaised"])
        second.call("CompleteOrchestratorTask", pb.OrchestratorResponse(
            instanceId="a", completionToken=lost.completionToken, actions=[complete("stale")]))
        self.assertEqual(self.status("a"), PENDING)
        second.answer(again, complete("right"))
        self.assertEqual(self.ended("a").output.value, "right")

    def test_results_of_an_old_execution_are_dropped(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), activity(1), timer(2, 1), child(3, "c"))
        held = {}
        while len(held) < 2:
            item = worker.item()
            held[item.WhichOneof("request")] = item
        self.raise_event("a")
        worker.answer(worker.turn("a"), complete("next", status=CONTINUED))
        item = worker.turn("a")
        worker.answer_activity(held["activityRequest"], "old")
        worker.answer(held["orchestratorRequest"], complete("old"))
        worker.answer(item)
        time.sleep(1.2)  # the old timer would have fired
        worker.nothing()

    def test_a_new_execution_keeps_what_is_its_own(self):
        worker = self.worker()
        self.start("a", version=text("1"), tags={"t": "1"})
        item = worker.turn("a")
        self.raise_event("a", "late", "3")
        carried = pb.HistoryEvent(eventRaised=pb.EventRaisedEvent(name="carried", input=text("2")))
        worker.answer(item, send(1, "b", "told"), entity_signal(2, "@e@k", "op"),
                      complete("next", status=CONTINUED, carryoverEvents=[carried]))
        batch = None
        while True:
            item = worker.item()
            if item.WhichOneof("request") == "orchestratorRequest":
                break
            batch = item
        events = item.orchestratorRequest.newEvents
        self.assertEqual(kinds(events),
                         ["orchestratorStarted", "executionStarted", "eventRaised", "eventRaised"])
        self.assertEqual(list(item.orchestratorRequest.pastEvents), [])
        started = events[1].executionStarted
        self.assertEqual((started.input.value, started.version.value, dict(started.tags)),
                         ("next", "1", {"t": "1"}))
        self.assertEqual([event.eventRaised.name for event in events[2:]], ["carried", "late"])
        batch = batch or worker.item("entityRequestV2")
        self.assertEqual(batch.entityRequestV2.instanceId, "@e@k", "signals are still delivered")
        worker.answer(item, complete("done", newVersion=text("2")))
        self.assertEqual(self.ended("a").output.value, "done")

    def test_a_child_is_answered_for_by_its_end(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), child(1), child(2, "two"), child(3, "three"))
        for _ in range(3):
            item = worker.turn()
            one = item.orchestratorRequest.instanceId
            if one == "two":
                worker.answer(item, complete(status=FAILED, failureDetails=pb.TaskFailureDetails(
                    errorMessage="no")))
            elif one == "three":
                self.terminate("three")
            else:
                self.assertEqual(one, "a:0001")
                worker.answer(item, complete("yes"))
                self.assertEqual(self.state(one).parentInstanceId.value, "a")
        outcomes = {}
        while len(outcomes) < 3:
            item = worker.turn("a")
            for event in item.orchestratorRequest.newEvents:
                if kind(event) == "subOrchestrationInstanceCompleted":
                    outcomes[event.subOrchestrationInstanceCompleted.taskScheduledId] = "completed"
                elif kind(event) == "subOrchestrationInstanceFailed":
                    outcomes[event.subOrchestrationInstanceFailed.taskScheduledId] = "failed"
            worker.answer(item)
        self.assertEqual(outcomes, {1: "completed", 2: "failed", 3: "failed"})

    def test_a_recursive_terminate_reaches_below_what_has_ended(self):
        worker = self.worker()
        parent = self.start()
        worker.answer(worker.turn(parent), child(1, "middle"), timer(2, 3600))
        worker.answer(worker.turn("middle"), child(1, "below"), complete("1"))
        for item in (worker.turn(), worker.turn()):  # in any order
            is_below = item.orchestratorRequest.instanceId == "below"
            worker.answer(item, *([timer(1, 3600)] if is_below else []))
        self.assertEqual(self.status("middle"), raw.COMPLETED)
        self.terminate(parent, recursive=True)
        self.assertEqual(self.ended("below").orchestrationStatus, TERMINATED)
        self.assertEqual(self.status(parent), TERMINATED)

    def test_traces_and_tags_travel(self):
        worker = self.worker()
        trace = pb.TraceContext(traceParent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
                                traceState=text("x=1"))
        self.start("a", parentTraceContext=trace, tags={"on": "start"})
        item = worker.turn("a")
        started = item.orchestratorRequest.newEvents[1].executionStarted
        self.assertEqual(started.parentTraceContext, trace)
        action = activity(1, tags={"on": "activity"}, parentTraceContext=trace,
                          version=text("7"))
        span = pb.OrchestrationTraceContext(spanID=text("0123"))
        span.spanStartTime.seconds = 1_700_000_000
        worker.answer(item, action, orchestrationTraceContext=span)
        item = worker.item("activityRequest")
        request = item.activityRequest
        self.assertEqual((request.parentTraceContext, dict(request.tags), request.version.value),
                         (trace, {"on": "activity"}, "7"))
        worker.answer_activity(item)
        self.assertEqual(worker.turn("a").orchestratorRequest.orchestrationTraceContext, span)
        self.assertEqual(dict(self.state("a").tags), {"on": "start"})

    def test_an_answer_that_can_not_be_taken_is_refused(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        with self.assertRaises(grpc.RpcError) as refused:
            worker.answer(item, pb.OrchestratorAction(id=1))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.start("b")
        worker.answer(worker.turn("b"), complete("1"))  # others go on

    def test_a_long_history_is_streamed_to_whom_asks_for_it(self):
        worker = self.worker(capabilities=[pb.WORKER_CAPABILITY_HISTORY_STREAMING])
        large = "x" * (700 << 10)
        self.start("a", input=text(large))
        worker.answer(worker.turn("a"), activity(1, value=large))
        worker.answer_activity(worker.item("activityRequest"), "1")
        item = worker.turn("a")
        request = item.orchestratorRequest
        self.assertTrue(request.requiresHistoryStreaming)
        self.assertEqual(list(request.pastEvents), [])
        past = self.history("a", executionId=request.executionId, forWorkItemProcessing=True)
        self.assertEqual(kinds(past), ["orchestratorStarted", "executionStarted", "taskScheduled"])
        self.assertEqual(past[1].executionStarted.input.value, large)
        self.assertEqual(kinds(request.newEvents), ["orchestratorStarted", "taskCompleted"])
        worker.answer(item, complete("1"))
        self.assertEqual(self.ended("a").output.value, "1")
        with self.assertRaises(grpc.RpcError) as refused:
            self.history("a", forWorkItemProcessing=True)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_no_more_than_a_worker_asked_for(self):
        worker = self.worker(maxConcurrentOrchestrationWorkItems=2,
                             maxConcurrentActivityWorkItems=3)
        for i in range(4):
            self.start(f"a{i}")
        held = [worker.turn(), worker.turn()]
        worker.nothing()
        for item in held:
            worker.answer(item, *[activity(n) for n in range(1, 4)])
        got = [worker.item() for _ in range(5)]
        worker.nothing()
        self.assertEqual(sum(item.HasField("activityRequest") for item in got), 3)
        worker.answer_activity(next(item for item in got if item.HasField("activityRequest")))
        worker.item()

    def test_activities_given_back_come_again(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), activity(1))
        first = worker.item("activityRequest")
        worker.call("AbandonTaskActivityWorkItem",
                    pb.AbandonActivityTaskRequest(completionToken=first.completionToken))
        worker.answer_activity(worker.item("activityRequest"), "1")
        worker.turn("a")


class Clients(raw.Case):
    def finished(self, *ids):
        worker = self.worker()
        for one in ids:
            self.start(one)
            worker.answer(worker.turn(one), complete(f"out of {one}"))
            self.ended(one)
        return worker

    def test_payloads_only_when_asked_for(self):
        self.start("a", input=text("in"))
        worker = self.worker()
        worker.answer(worker.turn("a"), complete("out"), customStatus=text("s"))
        self.ended("a")
        bare = self.get("a", payloads=False).orchestrationState
        self.assertFalse(bare.HasField("input") or bare.HasField("output"))
        whole = self.get("a").orchestrationState
        self.assertEqual((whole.input.value, whole.output.value), ("in", "out"))
        self.assertGreaterEqual(whole.completedTimestamp.seconds, whole.createdTimestamp.seconds)

    def test_purges_of_many(self):
        worker = self.finished("a", "b", "c")
        self.start("live")
        self.assertEqual(self.purge(instanceBatch=pb.InstanceBatch(
            instanceIds=["a", "b", "live", "nobody"])), 2)
        answer = self.call("PurgeInstances", pb.PurgeInstancesRequest(instanceId="c"))
        self.assertEqual((answer.deletedInstanceCount, answer.isComplete.value), (1, True))
        worker.turn("live")
        self.signal("@e@k")
        item = worker.item("entityRequestV2")
        worker.answer_entity(item, success(), state="1")
        self.assertEqual(self.purge(instanceId="@e@k", isOrchestration=True), 0)
        self.assertEqual(self.purge(instanceId="@e@k"), 1)

    def test_a_purge_has_a_time_that_can_be_any_number(self):
        self.finished("a")
        request = pb.PurgeInstancesRequest(purgeInstanceFilter=pb.PurgeInstanceFilter())
        request.purgeInstanceFilter.timeout.seconds = 2**62
        answer = self.call("PurgeInstances", request)
        self.assertEqual((answer.deletedInstanceCount, answer.isComplete.value), (1, True))

    def test_ended_by_force_without_a_worker(self):
        for i in range(3):
            self.start(f"a{i}")
        answer = self.call("SkipGracefulOrchestrationTerminations",
                           pb.SkipGracefulOrchestrationTerminationsRequest(
                               instanceBatch=pb.InstanceBatch(instanceIds=["a0", "a1", "nobody"]),
                               reason=text("why")))
        self.assertEqual(list(answer.unterminatedInstanceIds), ["nobody"])
        self.assertEqual([self.status(f"a{i}") for i in range(3)],
                         [TERMINATED, TERMINATED, PENDING])
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "SkipGracefulOrchestrationTerminations",
                     pb.SkipGracefulOrchestrationTerminationsRequest(instanceBatch=pb.InstanceBatch(
                         instanceIds=[str(i) for i in range(501)])))

    def test_a_hub_is_made_by_use_and_emptied_on_request(self):
        self.call("CreateTaskHub", pb.CreateTaskHubRequest())
        self.start("a")
        self.call("CreateTaskHub", pb.CreateTaskHubRequest(recreateIfExists=False))
        self.assertEqual(self.status("a"), PENDING)
        for method, request in (("CreateTaskHub", pb.CreateTaskHubRequest(recreateIfExists=True)),
                                ("DeleteTaskHub", pb.DeleteTaskHubRequest())):
            self.call(method, request)
            self.assertFalse(self.get("a").exists)
            self.start("a")

    def test_rewind_and_restart_refuse_what_they_can_not_do(self):
        self.finished("done")
        self.start("live")
        for method, request in (("RewindInstance", pb.RewindInstanceRequest),
                                ("RestartInstance", pb.RestartInstanceRequest)):
            self.refused(grpc.StatusCode.NOT_FOUND, method, request(instanceId="nobody"))
            self.refused(grpc.StatusCode.FAILED_PRECONDITION, method, request(instanceId="live"))
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "RewindInstance",
                     pb.RewindInstanceRequest(instanceId="done"))

    def test_a_wait_that_is_given_up_leaves_nothing(self):
        calls = [self.stub.WaitForInstanceCompletion.future(
            pb.GetInstanceRequest(instanceId="a"), metadata=[("taskhub", self.hub)])
                 for _ in range(50)]
        for call in calls:
            call.cancel()
        self.finished("a")
        self.assertEqual(self.ended("a").output.value, "out of a")


class Entities(raw.Case):
    def test_results_that_are_missing_are_asked_for_again(self):
        worker = self.worker()
        self.signal("@e@k", "first")
        item = worker.item("entityRequestV2")
        for name in ("a", "b", "c"):
            self.signal("@e@k", name)
        worker.answer_entity(item, success(), state="0")
        seen = []
        for _ in range(3):
            item = worker.item("entityRequestV2")
            seen.append([event.entityOperationSignaled.operation
                         for event in item.entityRequestV2.operationRequests])
            worker.answer_entity(item, success(), state="1")
        self.assertEqual(seen, [["a", "b", "c"], ["b", "c"], ["c"]])

    def test_a_state_that_is_not_sent_is_deleted(self):
        worker = self.worker()
        self.signal("@e@k")
        worker.answer_entity(worker.item("entityRequestV2"), success(), state="")
        self.entity_is("@e@k", "")
        self.signal("@e@k")
        item = worker.item("entityRequestV2")
        self.assertTrue(item.entityRequestV2.HasField("entityState"))
        worker.answer_entity(item, success())
        self.entity_is("@e@k", None)

    def test_a_batch_that_fails_as_a_whole(self):
        worker = self.worker()
        self.signal("@e@k")
        worker.answer_entity(worker.item("entityRequestV2"), success(), state="before")
        self.start("a")
        worker.answer(worker.turn("a"), entity_call(1, "@e@k", "op"))
        worker.answer_entity(worker.item("entityRequestV2"), failureDetails=pb.TaskFailureDetails(
            errorType="EntityTaskNotFound", errorMessage="nobody has it", isNonRetriable=True))
        failed = worker.turn("a").orchestratorRequest.newEvents[-1].entityOperationFailed
        self.assertEqual(failed.failureDetails.errorType, "EntityTaskNotFound")
        self.entity_is("@e@k", "before")

    def test_a_called_operation_names_its_caller(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        execution = item.orchestratorRequest.executionId.value
        worker.answer(item, entity_call(1, "@e@k", "op", "in"))
        called = worker.item("entityRequestV2").entityRequestV2.operationRequests[0]
        body = called.entityOperationCalled
        self.assertEqual((body.operation, body.input.value, body.parentInstanceId.value,
                          body.parentExecutionId.value), ("op", "in", "a", execution))
        self.assertEqual(called.eventId, -1)

    def test_an_entity_gets_what_one_sender_sent_in_order(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), *[entity_signal(i, "@e@k", f"op{i}") for i in range(1, 21)],
                      complete("1"))
        seen = []
        while len(seen) < 20:
            item = worker.item("entityRequestV2")
            names = [event.entityOperationSignaled.operation
                     for event in item.entityRequestV2.operationRequests]
            seen += names
            worker.answer_entity(item, *[success()] * len(names), state="1")
        self.assertEqual(seen, [f"op{i}" for i in range(1, 21)])

    def test_older_sdks_say_it_with_events(self):
        """Operations, locks and their answers as events with JSON: .NET without the scheduler."""
        worker = self.worker()
        instance = self.start()
        first = worker.turn(instance)
        worker.answer(first, send(1, "@counter@k", "op",
                                      '{"op":"add","input":"5","id":"r-1"}'))
        worker.answer_entity(worker.item("entityRequestV2"), success("6"), state="6")
        second = worker.turn(instance)
        past = second.orchestratorRequest.pastEvents
        sent = [event for event in past if kind(event) == "eventSent"]
        self.assertEqual([(e.eventId, e.eventSent.name, e.eventSent.instanceId) for e in sent],
                         [(1, "op", "@counter@k")])
        answer = second.orchestratorRequest.newEvents[-1].eventRaised
        self.assertEqual((answer.name, json.loads(answer.input.value)), ("r-1", {"result": "6"}))
        worker.answer(second, send(2, "@counter@k", "op", json.dumps(
            {"lockset": [{"name": "counter", "key": "k"}], "pos": 0, "id": "s-1"})))
        third = worker.turn(instance)
        self.assertEqual(third.orchestratorRequest.newEvents[-1].eventRaised.name, "s-1")
        self.entity_is_locked_by("@counter@k", instance)
        worker.answer(third, send(3, "@counter@k", "release", '{"id":"s-1"}'),
                      complete())
        self.assertEqual(self.ended(instance).orchestrationStatus, raw.COMPLETED)
        self.entity_is_locked_by("@counter@k", "")

    def test_there_is_nothing_to_clean(self):
        answer = self.call("CleanEntityStorage", pb.CleanEntityStorageRequest(
            removeEmptyEntities=True, releaseOrphanedLocks=True))
        self.assertEqual(answer, pb.CleanEntityStorageResponse())


if __name__ == "__main__":
    server.main()
