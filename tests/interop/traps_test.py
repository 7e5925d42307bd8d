#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What makes servers of the Durable Task protocol fail with one SDK or another: a test for each
trap, that says on the wire what that SDK says. docs/reference/durable-task.md has the list."""

import time

import server

if __name__ == "__main__":
    server.in_environment()

import grpc

import raw
from raw import (COMPLETED, CONTINUED, FAILED, GO, PENDING, RUNNING, SUSPENDED, TERMINATED,
                 activity, child, complete, entity_call, entity_signal, kind, kinds, lock, pb,
                 send, success, text, timer, unlock)


class Traps(raw.Case):
    def test_01_a_scheduled_start_in_1970_means_now(self):
        worker = self.worker()
        request = pb.CreateInstanceRequest(instanceId="a", name="o")
        request.scheduledStartTimestamp.seconds = 0
        self.call("StartInstance", request)
        started = worker.turn("a").orchestratorRequest.newEvents[1].executionStarted
        self.assertFalse(started.HasField("scheduledStartTimestamp"))
        self.assertFalse(self.state("a").HasField("scheduledStartTimestamp"))

    def test_02_a_new_execution_has_a_new_id(self):
        worker = self.worker()
        self.start("a")
        seen = []
        for last in (False, False, True):
            item = worker.turn("a")
            seen.append(item.orchestratorRequest.executionId.value)
            worker.answer(item, complete("1", status=COMPLETED if last else CONTINUED))
        self.assertEqual(len(set(seen)), 3)

    def test_03_the_execution_id_is_everywhere(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        execution = item.orchestratorRequest.executionId.value
        self.assertTrue(execution)
        started = item.orchestratorRequest.newEvents[1].executionStarted
        self.assertEqual(started.orchestrationInstance.executionId.value, execution)
        self.assertEqual(self.state("a").executionId.value, execution)
        worker.answer(item, activity(1), child(2, "a-child"))
        got = [worker.item(), worker.item()]
        for one in got:
            if one.WhichOneof("request") == "activityRequest":
                found = one.activityRequest.orchestrationInstance.executionId.value
            else:
                started = one.orchestratorRequest.newEvents[1].executionStarted
                found = started.parentInstance.orchestrationInstance.executionId.value
            self.assertEqual(found, execution)

    def test_04_what_was_sent_is_confirmed_under_the_id_of_the_action(self):
        worker = self.worker()
        self.start("a")
        actions = [send(3, "nobody", "word", "1"), entity_signal(4, "@e@k", "op", "2"),
                   entity_call(5, "@e@k", "op", "3", request="the-request"),
                   lock(6, "the-section", "@x@1", "@x@2"), unlock(7, "the-section", "@x@1"),
                   timer(8)]
        worker.answer(worker.turn("a"), *actions)
        while True:
            item = worker.item()
            if item.WhichOneof("request") == "orchestratorRequest":
                break
        past = {event.eventId: event for event in item.orchestratorRequest.pastEvents}
        self.assertEqual(kinds([past[i] for i in range(3, 9)]), [
            "eventSent", "entityOperationSignaled", "entityOperationCalled", "entityLockRequested",
            "entityUnlockSent", "timerCreated"])
        self.assertEqual((past[3].eventSent.instanceId, past[3].eventSent.name), ("nobody", "word"))
        self.assertEqual(past[5].entityOperationCalled.requestId, "the-request")
        self.assertEqual(past[6].entityLockRequested.criticalSectionId, "the-section")
        self.assertEqual(past[7].entityUnlockSent.criticalSectionId, "the-section")

    def test_05_go_is_told_nothing_that_it_does_not_know(self):
        worker = self.worker(GO)
        self.start("a")
        worker.answer(worker.turn("a"), send(0, "b", "word"), timer(1), completionToken="")
        item = worker.turn("a")
        self.assertEqual(kinds(item.orchestratorRequest.pastEvents),
                         ["orchestratorStarted", "executionStarted", "timerCreated"])
        self.signal("@entity@k")
        worker.nothing()  # no entities either: they would never be answered

    def test_05_nobody_is_told_of_an_end_or_a_rewind(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), activity(1))
        worker.answer_activity(worker.item("activityRequest"),
                               failureDetails=pb.TaskFailureDetails(errorMessage="once"))
        worker.answer(worker.turn("a"), complete(status=FAILED, failureDetails=pb.
                                                 TaskFailureDetails(errorMessage="once")))
        self.assertEqual(self.ended("a").orchestrationStatus, FAILED)
        self.call("RewindInstance", pb.RewindInstanceRequest(instanceId="a"))
        item = worker.turn("a")
        request = item.orchestratorRequest
        seen = kinds(request.pastEvents) + kinds(request.newEvents)
        self.assertNotIn("executionCompleted", seen)
        self.assertNotIn("executionRewound", seen)
        self.assertNotIn("taskFailed", seen)
        worker.answer(item)
        self.history_with("a", "executionRewound")  # clients see it

    def test_06_an_action_id_may_come_again_for_a_retry(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), activity(1))
        for attempt in range(3):
            worker.answer_activity(worker.item("activityRequest"), failureDetails=pb.
                                   TaskFailureDetails(errorMessage=f"attempt {attempt}"))
            item = worker.turn("a")
            self.assertEqual(kinds(item.orchestratorRequest.newEvents)[-1], "taskFailed")
            worker.answer(item, timer(2 + attempt))
            worker.answer(worker.turn("a"), activity(1))
        worker.answer_activity(worker.item("activityRequest"), '"at last"')
        completed = worker.turn("a").orchestratorRequest.newEvents[-1].taskCompleted
        self.assertEqual((completed.taskScheduledId, completed.result.value), (1, '"at last"'))

    def test_07_the_answer_of_an_entity_comes_once(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), entity_call(1, "@e@k", "op", request="r-1"))
        lost = worker.item("entityRequestV2")
        worker.close()  # it holds the batch, and is gone
        again = self.worker()
        item = again.item("entityRequestV2")
        for _ in range(3):
            again.answer_entity(item, success("1"), state="1")
        again.answer_entity(lost, success("2"), state="2")
        item = again.turn("a")
        replies = [event.entityOperationCompleted for event in item.orchestratorRequest.newEvents
                   if kind(event) == "entityOperationCompleted"]
        self.assertEqual([(one.requestId, one.output.value) for one in replies], [("r-1", "1")])
        again.answer(item, timer(2))
        item = again.turn("a")
        self.assertEqual(kinds(item.orchestratorRequest.newEvents),
                         ["orchestratorStarted", "timerFired"])

    def test_08_a_message_that_is_too_long_for_the_sdk_is_not_sent(self):
        worker = self.worker("grpc-python/1.85.1")
        large = "x" * (1536 << 10)
        self.start("a", input=text(large))
        worker.answer(worker.turn("a"), activity(1, value=large), activity(2, value=large))
        for _ in range(2):
            worker.answer_activity(worker.item("activityRequest"), "0")
        state = self.ended("a")
        self.assertEqual(state.orchestrationStatus, FAILED)
        self.assertRegex(state.failureDetails.errorMessage, "bytes.*continue-as-new")
        self.start("b")  # the stream goes on
        worker.turn("b")
        # Two signals of which only one fits come one after the other.
        for _ in range(3):
            self.signal("@e@k", value=large)
        sizes = []
        while sum(sizes) < 3:
            item = worker.item("entityRequestV2")
            self.assertLess(item.ByteSize(), 4 << 20)
            count = len(item.entityRequestV2.operationRequests)
            sizes.append(count)
            worker.answer_entity(item, *[success()] * count, state="1")
        self.assertEqual(sum(sizes), 3)

    def test_08_what_takes_large_messages_gets_them(self):
        worker = self.worker(raw.JAVASCRIPT)
        large = "x" * (1536 << 10)
        self.start("a", input=text(large))
        worker.answer(worker.turn("a"), activity(1, value=large), activity(2, value=large))
        for _ in range(2):
            worker.answer_activity(worker.item("activityRequest"), "0")
        self.assertGreater(worker.turn("a").ByteSize(), 4 << 20)

    def test_10_a_stale_answer_is_no_error(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        worker.answer(item, complete("1"))
        worker.answer(item, complete("2"))
        self.assertEqual(self.ended("a").output.value, "1")
        for token in ("", "nonsense", "no-such-1", item.completionToken):
            worker.call("CompleteOrchestratorTask", pb.OrchestratorResponse(
                instanceId="a", completionToken=token))
            worker.call("CompleteActivityTask", pb.ActivityResponse(
                instanceId="a", taskId=1, completionToken=token))
            worker.call("CompleteEntityTask", pb.EntityBatchResult(completionToken=token))
            worker.call("AbandonTaskOrchestratorWorkItem",
                        pb.AbandonOrchestrationTaskRequest(completionToken=token))
            worker.call("AbandonTaskActivityWorkItem",
                        pb.AbandonActivityTaskRequest(completionToken=token))
            worker.call("AbandonTaskEntityWorkItem",
                        pb.AbandonEntityTaskRequest(completionToken=token))

    def test_11_the_token_tells_which_entity_answers(self):
        worker = self.worker()
        self.signal("@e@one")
        self.signal("@e@two")
        items = [worker.item("entityRequestV2"), worker.item("entityRequestV2")]
        for item in reversed(items):
            worker.answer_entity(item, success(), state=item.entityRequestV2.instanceId)
        for entity in ("@e@one", "@e@two"):
            self.entity_is(entity, entity)

    def test_12_entities_come_in_the_form_that_has_a_token(self):
        worker = self.worker()
        self.signal("@e@k")
        item = worker.item("entityRequestV2")
        self.assertTrue(item.completionToken)
        self.assertEqual(item.entityRequestV2.instanceId, "@e@k")
        self.assertTrue(item.entityRequestV2.executionId)
        self.assertFalse(item.entityRequestV2.HasField("entityState"))

    def test_13_entity_parameters_are_always_there(self):
        worker = self.worker()
        self.start("a")
        request = worker.turn("a").orchestratorRequest
        self.assertTrue(request.HasField("entityParameters"))
        self.assertTrue(request.entityParameters.HasField("entityMessageReorderWindow"))

    def test_14_everything_has_a_time(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), activity(1), timer(2, 3600))
        worker.answer_activity(worker.item("activityRequest"))
        request = worker.turn("a").orchestratorRequest
        for event in [*request.pastEvents, *request.newEvents, *self.history("a")]:
            self.assertGreater(event.timestamp.seconds, 1_500_000_000, event)
        state = self.state("a")
        self.assertGreater(state.createdTimestamp.seconds, 1_500_000_000)
        self.assertGreater(state.lastUpdatedTimestamp.seconds, 1_500_000_000)

    def test_15_a_wait_never_answers_that_there_is_nothing(self):
        for method in ("WaitForInstanceStart", "WaitForInstanceCompletion"):
            self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, method,
                         pb.GetInstanceRequest(instanceId="a"), seconds=0.3)
        waiting = self.stub.WaitForInstanceCompletion.future(
            pb.GetInstanceRequest(instanceId="a"), metadata=[("taskhub", self.hub)],
            timeout=raw.WAIT_SECONDS)
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), complete("1"))
        answer = waiting.result()
        self.assertTrue(answer.exists)
        self.assertEqual(answer.orchestrationState.orchestrationStatus, COMPLETED)

    def test_16_a_child_is_made_again_under_its_id(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), child(1, "c"))
        worker.answer(worker.turn("c"), complete(status=FAILED, failureDetails=pb.
                                                 TaskFailureDetails(errorMessage="once")))
        item = worker.turn("a")
        self.assertEqual(kinds(item.orchestratorRequest.newEvents)[-1],
                         "subOrchestrationInstanceFailed")
        worker.answer(item, child(1, "c"))  # as Python does it, even the number is the same
        worker.answer(worker.turn("c"), complete("2"))
        done = worker.turn("a").orchestratorRequest.newEvents[-1]
        self.assertEqual(done.subOrchestrationInstanceCompleted.result.value, "2")

    def test_17_actions_come_in_any_order(self):
        worker = self.worker(GO)
        self.start("a")
        worker.answer(worker.turn("a"), timer(2), activity(0, "zero"), activity(1, "one"),
                      completionToken="")
        events = [event for event in self.history_with("a", "timerCreated") if event.eventId >= 0]
        self.assertEqual([event.eventId for event in events], [0, 1, 2])
        self.assertEqual(kinds(events), ["taskScheduled", "taskScheduled", "timerCreated"])
        self.start("b")
        while True:
            item = worker.item()
            if item.orchestratorRequest.instanceId == "b":
                break
        # What completes is last, and the first of two counts.
        worker.answer(item, complete("2", number=5), complete("1", number=1), activity(0),
                      completionToken="")
        self.assertEqual(self.ended("b").output.value, "1")

    def test_18_answers_without_a_token(self):
        worker = self.worker(GO)
        self.start("a")
        worker.answer(worker.turn("a"), activity(0), activity(1), completionToken="")
        items = [worker.item("activityRequest"), worker.item("activityRequest")]
        for item in reversed(items):
            worker.answer_activity(item, str(item.activityRequest.taskId), completionToken="")
        results = {}
        while len(results) < 2:
            item = worker.turn("a")
            for event in item.orchestratorRequest.newEvents:
                if kind(event) == "taskCompleted":
                    results[event.taskCompleted.taskScheduledId] = event.taskCompleted.result.value
            worker.answer(item, *([complete("1")] if len(results) == 2 else []), completionToken="")
        self.assertEqual(results, {0: "0", 1: "1"})
        self.assertEqual(self.ended("a").output.value, "1")

    def test_20_an_answer_in_pieces_of_which_some_come_twice(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")

        def piece(number, last, *actions):
            more = {} if number == 0 else {"numEventsProcessed": {"value": 0}}
            worker.answer(item, *actions, isPartial=not last, chunkIndex={"value": number},
                          customStatus=text('"s"'), **more)

        piece(0, False, activity(1))
        piece(0, False, activity(1))
        piece(1, False, activity(2))
        self.assertEqual(self.status("a"), PENDING, "nothing is done before the last piece")
        piece(0, False, activity(1))
        piece(1, False, activity(2))
        piece(2, True, activity(3))
        piece(2, True, activity(3))
        got = [worker.item("activityRequest").activityRequest.taskId for _ in range(3)]
        self.assertEqual(sorted(got), [1, 2, 3])
        worker.nothing()
        self.assertEqual(self.state("a").customStatus.value, '"s"')

    def test_21_empty_is_not_absent(self):
        worker = self.worker()
        for value in ("", None):
            one = f"i-{value}"
            self.start(one, input=text(value))
            item = worker.turn(one)
            started = item.orchestratorRequest.newEvents[1].executionStarted
            self.assertEqual(started.HasField("input"), value is not None)
            worker.answer(item, activity(1, value=value))
            item = worker.item("activityRequest")
            self.assertEqual(item.activityRequest.HasField("input"), value is not None)
            worker.answer_activity(item, value)
            item = worker.turn(one)
            completed = item.orchestratorRequest.newEvents[-1].taskCompleted
            self.assertEqual(completed.HasField("result"), value is not None)
            worker.answer(item)
            self.raise_event(one, data=value)
            item = worker.turn(one)
            raised = item.orchestratorRequest.newEvents[-1].eventRaised
            self.assertEqual(raised.HasField("input"), value is not None)
            worker.answer(item, complete(value))
            state = self.ended(one)
            self.assertEqual(state.HasField("input"), value is not None)
            self.assertEqual(state.HasField("output"), value is not None)

    def test_21_a_custom_status_that_is_not_sent_stays_and_an_empty_one_clears(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), customStatus=text('"s"'))
        self.raise_event("a")
        worker.answer(worker.turn("a"))
        self.assertEqual(self.state("a").customStatus.value, '"s"')
        self.raise_event("a")
        worker.answer(worker.turn("a"), customStatus=text(""))
        self.assertFalse(self.state("a").customStatus.value)

    def test_24_it_runs_when_the_first_turn_is_done(self):
        worker = self.worker()
        self.start("a")
        item = worker.turn("a")
        self.assertEqual(self.status("a"), PENDING)
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, "WaitForInstanceStart",
                     pb.GetInstanceRequest(instanceId="a"), seconds=0.2)
        worker.answer(item)
        self.assertEqual(self.status("a"), RUNNING)

    def test_25_what_comes_too_late_is_taken_and_dropped(self):
        worker = self.worker()
        self.start("a")
        worker.answer(worker.turn("a"), complete("1"))
        self.ended("a")
        self.raise_event("a")
        self.terminate("a")
        self.call("SuspendInstance", pb.SuspendRequest(instanceId="a"))
        self.call("ResumeInstance", pb.ResumeRequest(instanceId="a"))
        worker.nothing()
        self.assertEqual(self.state("a").output.value, "1")
        self.refused(grpc.StatusCode.NOT_FOUND, "RaiseEvent",
                     pb.RaiseEventRequest(instanceId="nobody", name="go"))

    def test_26_the_end_of_a_parent_reaches_every_child(self):
        worker = self.worker()
        self.start("top")
        worker.answer(worker.turn("top"), child(1, "middle"))
        worker.answer(worker.turn("middle"), child(1, "low"))
        worker.answer(worker.turn("low"))
        self.terminate("top", recursive=True)
        for one in ("top", "middle", "low"):
            self.assertEqual(self.ended(one).orchestrationStatus, TERMINATED)

    def test_26_also_when_the_parent_had_ended(self):
        worker = self.worker()
        self.start("top")
        worker.answer(worker.turn("top"), child(1, "low"), complete("done"))
        worker.answer(worker.turn("low"))
        self.assertEqual(self.ended("top").orchestrationStatus, COMPLETED)
        self.terminate("top", recursive=True)
        self.assertEqual(self.ended("low").orchestrationStatus, TERMINATED)
        self.assertEqual(self.status("top"), COMPLETED)

    def test_26_a_child_that_is_made_while_its_parent_is_terminated(self):
        worker = self.worker()
        self.start("top")
        item = worker.turn("top")
        self.terminate("top", recursive=True)
        worker.answer(item, child(1, "late"))
        self.assertEqual(self.ended("top").orchestrationStatus, TERMINATED)
        time.sleep(0.2)
        self.assertIn(self.status("late"), (None, TERMINATED))

    def test_27_entities_are_no_orchestrations(self):
        worker = self.worker()
        self.signal("@e@k")
        worker.answer_entity(worker.item("entityRequestV2"), success(), state="1")
        self.start("a")
        worker.answer(worker.turn("a"), complete())
        self.ended("a")
        listed = self.call("QueryInstances", pb.QueryInstancesRequest())
        self.assertEqual([one.instanceId for one in listed.orchestrationState], ["a"])
        by_prefix = pb.QueryInstancesRequest(query=pb.InstanceQuery(instanceIdPrefix=text("@")))
        self.assertFalse(self.call("QueryInstances", by_prefix).orchestrationState)
        ids = self.call("ListInstanceIds", pb.ListInstanceIdsRequest()).instanceIds
        self.assertEqual(list(ids), ["a"])
        self.assertFalse(self.get("@e@k").exists)
        self.assertEqual(self.purge(purgeInstanceFilter=pb.PurgeInstanceFilter()), 1)
        self.assertTrue(self.call("GetEntity", pb.GetEntityRequest(instanceId="@e@k")).exists)

    def test_28_the_last_page_has_no_token(self):
        worker = self.worker()
        for i in range(4):
            self.start(f"a{i}")
            worker.answer(worker.turn(), complete())
            self.ended(f"a{i}")
            self.signal(f"@e@{i}")
            worker.answer_entity(worker.item("entityRequestV2"), success(), state="1")
        pages = (
            ("QueryInstances", lambda token: pb.QueryInstancesRequest(query=pb.InstanceQuery(
                maxInstanceCount=2, continuationToken=text(token))),
             "orchestrationState", "continuationToken"),
            ("ListInstanceIds", lambda token: pb.ListInstanceIdsRequest(
                pageSize=2, lastInstanceKey=text(token)), "instanceIds", "lastInstanceKey"),
            ("QueryEntities", lambda token: pb.QueryEntitiesRequest(query=pb.EntityQuery(
                pageSize={"value": 2}, continuationToken=text(token))),
             "entities", "continuationToken"))
        for method, request, values, token_field in pages:
            found, token = 0, ""  # Java sends an empty text for the first page
            for _ in range(5):
                page = self.call(method, request(token))
                self.assertTrue(len(getattr(page, values)) > 0 or found == 4, "no empty pages")
                found += len(getattr(page, values))
                token = getattr(page, token_field).value
                self.assertNotEqual(token, "0")
                if not token:
                    break
            self.assertEqual((found, token), (4, ""), method)

    def test_29_failures_come_back_whole(self):
        worker = self.worker()
        details = pb.TaskFailureDetails(
            errorType="Outer", errorMessage="out", stackTrace=text("at line 1\nat line 2"),
            isNonRetriable=True, innerFailure=pb.TaskFailureDetails(
                errorType="Inner", errorMessage="in", innerFailure=pb.TaskFailureDetails(
                    errorType="Innermost", errorMessage="deep")))
        details.properties["number"].number_value = 1.5
        details.properties["text"].string_value = "é"
        details.properties["nothing"].null_value = 0
        details.properties["list"].list_value.values.add().bool_value = True
        details.properties["map"].struct_value.fields["k"].string_value = "v"
        details.innerFailure.properties["also"].string_value = "here"
        self.start("a")
        worker.answer(worker.turn("a"), activity(1))
        worker.answer_activity(worker.item("activityRequest"), failureDetails=details)
        item = worker.turn("a")
        self.assertEqual(item.orchestratorRequest.newEvents[-1].taskFailed.failureDetails, details)
        worker.answer(item, complete(status=FAILED, failureDetails=details))
        self.assertEqual(self.ended("a").failureDetails, details)
        self.assertEqual(self.history("a")[-1].executionCompleted.failureDetails, details)

    def test_30_ids_of_more_than_100_characters(self):
        long = "x" * 101
        self.assertIn("length", self.refused(
            grpc.StatusCode.INVALID_ARGUMENT, "StartInstance",
            pb.CreateInstanceRequest(instanceId=long, name="o")))
        self.assertIn("length", self.refused(
            grpc.StatusCode.INVALID_ARGUMENT, "SignalEntity",
            pb.SignalEntityRequest(instanceId=f"@e@{long}", name="op")))
        self.assertEqual(self.start("é" * 100), "é" * 100, "characters, not bytes")

    def test_31_what_is_given_back_goes_to_another_and_does_not_spin(self):
        one = self.worker()
        self.start("a")
        until = time.monotonic() + 1.5
        times = 0
        while time.monotonic() < until:
            try:
                item = one.item("orchestratorRequest", seconds=0.2)
            except AssertionError:
                continue
            times += 1
            one.call("AbandonTaskOrchestratorWorkItem",
                     pb.AbandonOrchestrationTaskRequest(completionToken=item.completionToken))
        self.assertGreaterEqual(times, 2)
        self.assertLess(times, 20)
        other = self.worker()
        while self.status("a") != COMPLETED:
            for worker, gives_back in ((one, True), (other, False)):
                try:
                    item = worker.item("orchestratorRequest", seconds=0.05)
                except AssertionError:
                    continue
                token = item.completionToken
                if gives_back:
                    worker.call("AbandonTaskOrchestratorWorkItem",
                                pb.AbandonOrchestrationTaskRequest(completionToken=token))
                else:
                    worker.answer(item, complete("1"))
                    self.ended("a")

    def test_09_an_idle_stream_has_a_ping_in_time(self):
        self.worker().item("healthPing", seconds=60)


class TrapsOfSections(raw.Case):
    """Locks: what SDKs ask for in different orders, and give back in strange ways."""

    def locked_by(self, entity):
        return self.call("GetEntity", pb.GetEntityRequest(instanceId=entity)).entity.lockedBy.value

    def until(self, ask, wanted):
        end = time.monotonic() + raw.WAIT_SECONDS
        while ask() != wanted:
            self.assertLess(time.monotonic(), end, ask())
            time.sleep(0.01)

    def entities(self, *ids):
        worker = self.worker(workItemFilters=pb.WorkItemFilters(
            entities=[pb.EntityFilter(name="e")]))
        for one in ids:
            self.signal(one)
            worker.answer_entity(worker.item("entityRequestV2"), success(), state="0")
        return worker

    def orchestrator(self):
        return self.worker(workItemFilters=pb.WorkItemFilters(
            orchestrations=[pb.OrchestrationFilter(name="orchestrator")]))

    def test_22_two_orders_of_one_set(self):
        self.entities("@e@a", "@e@b", "@e@B")
        worker = self.orchestrator()
        sets = (["@e@a", "@e@b", "@e@B"], ["@e@B", "@e@a", "@e@b"], ["@e@b", "@e@B", "@e@a"])
        rounds = 12
        for i in range(rounds):
            self.start(f"o{i}")
        done = 0
        while done < rounds:
            item = worker.turn()
            one = item.orchestratorRequest.instanceId
            seen = kinds(item.orchestratorRequest.newEvents)
            if "executionStarted" in seen:
                worker.answer(item, lock(1, f"s-{one}", *sets[int(one[1:]) % 3]))
            else:
                self.assertEqual(seen, ["orchestratorStarted", "entityLockGranted"])
                self.assertEqual(
                    item.orchestratorRequest.newEvents[1].entityLockGranted.criticalSectionId,
                    f"s-{one}")
                for entity in sets[0]:  # what clients see is durable, a moment later
                    self.until(lambda e=entity: self.locked_by(e), one)
                unlocks = [unlock(2 + n, f"s-{one}", e) for n, e in enumerate(sets[0])]
                worker.answer(item, *unlocks, complete("1"))
                done += 1

    def test_23_unlocks_twice_never_and_under_the_id_of_the_end(self):
        self.entities("@e@a", "@e@b")
        worker = self.orchestrator()
        both = ("@e@a", "@e@b")
        endings = {
            "twice": [unlock(n, "s", e) for n, e in enumerate((*both, *both, "@e@x"), 2)],
            "never": [],
            "same-id": [unlock(9, "s", e) for e in both],
            "unknown": [unlock(2, "another", "@e@a"), unlock(3, "another", "@e@a")],
        }
        for name, unlocks in endings.items():
            self.start(name)
            worker.answer(worker.turn(name), lock(1, "s", *both))
            item = worker.turn(name)
            self.assertEqual(kinds(item.orchestratorRequest.newEvents)[-1], "entityLockGranted")
            worker.answer(item, *unlocks, complete("1", number=9))
            self.assertEqual(self.ended(name).orchestrationStatus, COMPLETED, name)
            for one in both:
                self.until(lambda e=one: self.locked_by(e), "")

    def test_23_an_early_unlock_of_one_section_does_not_end_another(self):
        self.entities("@e@a")
        worker = self.orchestrator()
        self.start("holder")
        worker.answer(worker.turn("holder"), lock(1, "s", "@e@a"))
        item = worker.turn("holder")
        worker.answer(item, timer(2, 0))
        self.start("thief")
        got = {}
        while len(got) < 2:
            item = worker.turn()
            got[item.orchestratorRequest.instanceId] = item
        worker.answer(got["thief"], unlock(1, "s", "@e@a", parent="holder"), complete("1"))
        self.ended("thief")
        time.sleep(0.2)
        self.assertEqual(self.locked_by("@e@a"), "holder")


REUSABLE = "Invalid reusable statuses: cannot exclude 'Terminated'"


class TrapsOfIds(raw.Case):
    """Row 19: which policy makes what of an id in use; also as the Go SDK of 2023 says it."""

    def setUp(self):
        super().setUp()
        self.runner = self.worker()

    def make(self, one, status):
        self.start(one)
        item = self.runner.turn(one)
        if status == PENDING:
            return
        endings = {COMPLETED: [complete("1")], FAILED: [complete(status=FAILED)]}
        self.runner.answer(item, *endings.get(status, []))
        if status == SUSPENDED:
            self.call("SuspendInstance", pb.SuspendRequest(instanceId=one))
            self.assertEqual(self.status(one), SUSPENDED)
        if status == TERMINATED:
            self.terminate(one)
            self.ended(one)

    def policy(self, *statuses, old=None):
        made = pb.OrchestrationIdReusePolicy(replaceableStatus=statuses)
        if old is not None:  # field 2, a varint: unknown to the protocol of today
            made = pb.OrchestrationIdReusePolicy.FromString(
                made.SerializeToString() + bytes([2 << 3, old]))
        return made

    def again(self, one, policy=None):
        more = {} if policy is None else {"orchestrationIdReusePolicy": policy}
        return self.start(one, input=text("again"), **more)

    def exists(self, one, policy=None):
        request = pb.CreateInstanceRequest(instanceId=one, name="o",
                                           orchestrationIdReusePolicy=policy)
        self.assertIn("orchestration instance already exists", self.refused(
            grpc.StatusCode.ALREADY_EXISTS, "StartInstance", request))

    def replaced(self, one):
        self.assertEqual(self.state(one).input.value, "again")
        while True:
            item = self.runner.turn(one)
            started = [event.executionStarted for event in item.orchestratorRequest.newEvents
                       if kind(event) == "executionStarted"]
            if started and started[0].input.value == "again":
                break
        self.runner.answer(item, complete("2"))
        self.assertEqual(self.ended(one).output.value, "2")

    def test_19_without_a_policy(self):
        for status in (PENDING, RUNNING, SUSPENDED):
            self.make(f"live-{status}", status)
            self.exists(f"live-{status}")
            self.exists(f"live-{status}", self.policy())
        for status in (COMPLETED, FAILED, TERMINATED):
            self.make(f"ended-{status}", status)
            self.again(f"ended-{status}")
            self.replaced(f"ended-{status}")

    def test_19_a_list_of_statuses(self):
        every = (PENDING, RUNNING, SUSPENDED, COMPLETED, FAILED, TERMINATED)
        for status in every:
            one = f"in-{status}"
            self.make(one, status)
            self.again(one, self.policy(status, TERMINATED))
            self.replaced(one)
            other = f"out-{status}"
            self.make(other, status)
            listed = [TERMINATED if status != TERMINATED else COMPLETED]
            self.exists(other, self.policy(*listed))
            # As clients say "all": canceled is a status that nothing of ours has.
            self.again(other, self.policy(*every, pb.ORCHESTRATION_STATUS_CANCELED))
            self.replaced(other)

    def test_19_running_without_terminated_is_refused(self):
        for status in (PENDING, RUNNING, SUSPENDED):
            self.assertIn(REUSABLE, self.refused(
                grpc.StatusCode.INVALID_ARGUMENT, "StartInstance", pb.CreateInstanceRequest(
                    instanceId="a", name="o",
                    orchestrationIdReusePolicy=self.policy(status, COMPLETED))))

    def test_19_the_old_ignore(self):
        listed = self.policy(RUNNING, COMPLETED, PENDING, old=1)
        for status in (PENDING, RUNNING, COMPLETED):
            one = f"listed-{status}"
            self.make(one, status)
            self.assertEqual(self.again(one, listed), one)
            self.assertNotEqual(self.state(one).input.value, "again")
        self.make("other", FAILED)
        self.exists("other", listed)
        self.assertEqual(self.again("fresh", listed), "fresh")

    def test_19_the_old_terminate(self):
        listed = self.policy(RUNNING, COMPLETED, PENDING, old=2)
        for status in (PENDING, RUNNING, COMPLETED):
            one = f"listed-{status}"
            self.make(one, status)
            self.assertEqual(self.again(one, listed), one)
            self.replaced(one)
        self.make("other", FAILED)
        self.exists("other", listed)


class TrapsOfTheEnd(raw.Case):
    def test_32_streams_end_with_unavailable_when_the_server_stops(self):
        serving = server.Server()
        self.addCleanup(serving.close)
        shared, self.server = self.server, serving
        workers = [self.worker(), self.worker(GO)]
        self.server = shared
        self.assertEqual(serving.stop(), 0)
        for worker in workers:
            worker.reader.join(raw.WAIT_SECONDS)
            self.assertEqual(worker.ended, grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    server.main()
