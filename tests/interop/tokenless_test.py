#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Workers whose SDK returns no tokens, several at a time, and what only the one for Java does."""

import server

if __name__ == "__main__":
    server.in_environment()

import raw
from raw import activity, complete, kinds, pb, send

# Of different releases, and so on connections of their own.
FIRST, SECOND = "grpc-java-netty/1.59.0", "grpc-java-netty/1.59.1"


class Tokenless(raw.Case):
    def lose(self, worker):
        """The stream breaks; the connection stays, and gets another stream."""
        worker.stream.cancel()
        worker.reader.join(raw.WAIT_SECONDS)
        self.assertIsNone(worker.items.get(timeout=raw.WAIT_SECONDS))
        again = worker.stub.GetWorkItems(
            pb.GetWorkItemsRequest(workItemFilters=pb.WorkItemFilters()), metadata=worker.metadata)
        self.addCleanup(again.cancel)
        worker.stub.Hello(raw.EMPTY, metadata=worker.metadata, timeout=raw.WAIT_SECONDS)
        return again

    def test_a_late_answer_is_not_taken_for_that_of_another(self):
        first = self.worker(FIRST)
        self.start("a")
        old = first.turn("a")
        kept = self.lose(first)
        second = self.worker(SECOND)
        new = second.turn("a")
        second.answer(new, activity(0), completionToken="")
        work = second.item("activityRequest")
        second.answer_activity(work, "1", completionToken="")
        held = second.turn("a")
        first.answer(old, complete("late"), completionToken="")
        self.assertEqual(self.status("a"), raw.RUNNING)
        second.answer(held, complete("in time"), completionToken="")
        self.assertEqual(self.ended("a").output.value, "in time")
        self.assertTrue(kept.is_active())

    def test_java_says_again_what_it_sent(self):
        worker = self.worker(FIRST)
        self.start("sender")
        worker.answer(worker.turn("sender"), send(0, "receiver", "go"), activity(1))
        self.start("receiver", name="receiver")
        items = [worker.item(), worker.item()]
        work, = [item for item in items if item.WhichOneof("request") == "activityRequest"]
        turn, = [item for item in items if item.WhichOneof("request") == "orchestratorRequest"]
        self.assertNotIn("eventSent", kinds(turn.orchestratorRequest.newEvents))
        worker.answer(turn)
        worker.answer_activity(work, "1")
        turn = worker.turn("sender")
        self.assertNotIn("eventSent", kinds(turn.orchestratorRequest.pastEvents))
        self.start("late", name="receiver")
        worker.answer(worker.turn("late"))
        worker.answer(turn, send(0, "late", "go"), send(2, "late", "stay"), complete("1"))
        told = worker.turn("late").orchestratorRequest.newEvents
        names = [event.eventRaised.name for event in told if event.HasField("eventRaised")]
        self.assertEqual(names, ["stay"])

    def test_java_is_handed_entities_only_if_it_says_how_many(self):
        without = self.worker(FIRST)
        self.signal("@counter@a")
        without.nothing()
        other = self.worker(SECOND, maxConcurrentEntityWorkItems=1)
        other.answer_entity(other.item("entityRequestV2"), raw.success(), state="1")
        without.nothing()

    def test_events_of_one_moment_differ(self):
        worker = self.worker(FIRST)
        self.start("a")
        first = worker.turn("a")
        for _ in range(50):
            self.raise_event("a")
        worker.answer(first)
        events = []
        while len(events) < 50:
            item = worker.turn("a")
            events += [event.SerializeToString() for event in item.orchestratorRequest.newEvents
                       if event.HasField("eventRaised")]
            worker.answer(item)
        self.assertEqual(len(set(events)), 50)


if __name__ == "__main__":
    server.main()
