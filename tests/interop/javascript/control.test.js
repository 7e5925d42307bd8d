// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients do with orchestrations: hold, end, remove, find, wait, run again, look at.
import assert from "node:assert/strict";
import { test } from "node:test";
import dt from "@microsoft/durabletask-js";
import { all, Hub, output, sleep } from "./perdure.js";

const { OrchestrationStatus: Status, PurgeInstanceCriteria, terminateOptions } = dt;

const waits = { orchestrators: { waits: async function* (ctx) {
  return yield ctx.waitForExternalEvent("go");
} } };
const quick = { orchestrators: {
  quick: async function* (_, input) { return input; },
  fails: async function* () { throw new Error("on purpose"); },
} };

test("suspended it does not go on, resumed it has every event", async (t) => {
  const hub = new Hub(t);
  await hub.worker(waits);
  const id = await hub.start("waits");
  await hub.client.waitForOrchestrationStart(id);
  await hub.client.suspendOrchestration(id);
  await hub.inStatus(id, Status.SUSPENDED);
  await hub.client.suspendOrchestration(id); // once more changes nothing
  await hub.client.raiseOrchestrationEvent(id, "go", 7);
  await sleep(200);
  assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.SUSPENDED);
  await hub.client.resumeOrchestration(id);
  assert.equal(output(await hub.ended(id)), 7);
  await hub.client.suspendOrchestration(id); // it has ended: nothing happens
  await hub.client.resumeOrchestration(id);
  await hub.client.raiseOrchestrationEvent(id, "go", 8);
  await hub.client.terminateOrchestration(id, "late");
  assert.equal(output(await hub.ended(id)), 7);
});

test("what is unknown can be neither told nor held", async (t) => {
  const hub = new Hub(t);
  const notFound = { code: 5 };
  await assert.rejects(hub.client.raiseOrchestrationEvent("nobody", "go"), notFound);
  await assert.rejects(hub.client.suspendOrchestration("nobody"), notFound);
  await assert.rejects(hub.client.resumeOrchestration("nobody"), notFound);
  await assert.rejects(hub.client.terminateOrchestration("nobody"), notFound);
  await assert.rejects(hub.client.rewindInstance("nobody", "why"), /not found/);
  await assert.rejects(hub.client.restartOrchestration("nobody"), /not found/i);
  assert.equal(await hub.client.getOrchestrationState("nobody"), undefined);
  assert.deepEqual(await hub.client.getOrchestrationHistory("nobody"), []);
  assert.equal((await hub.client.purgeOrchestration("nobody")).deletedInstanceCount, 0);
});

test("terminated: running, suspended, and without any worker", async (t) => {
  const hub = new Hub(t);
  const worker = await hub.worker(waits);
  const running = await hub.start("waits");
  await hub.client.waitForOrchestrationStart(running);
  await hub.client.terminateOrchestration(running, { done: "by hand" });
  let state = await hub.ended(running);
  assert.equal(state.runtimeStatus, Status.TERMINATED);
  assert.deepEqual(output(state), { done: "by hand" });

  const suspended = await hub.start("waits");
  await hub.client.waitForOrchestrationStart(suspended);
  await hub.client.suspendOrchestration(suspended);
  await hub.inStatus(suspended, Status.SUSPENDED);
  await hub.client.terminateOrchestration(suspended, "while suspended");
  state = await hub.ended(suspended);
  assert.equal(state.runtimeStatus, Status.TERMINATED);
  assert.equal(output(state), "while suspended");

  await worker.stop();
  const alone = await hub.start("waits");
  await hub.client.terminateOrchestration(alone, "nobody there");
  assert.equal((await hub.ended(alone)).runtimeStatus, Status.TERMINATED);
});

test("terminated with its children, and without them", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: {
    ...waits.orchestrators,
    parent: async function* (ctx, depth) {
      yield ctx.callSubOrchestrator(depth > 1 ? "parent" : "waits", depth - 1,
        { instanceId: `${ctx.instanceId}-c` });
    },
  } });
  const ids = (top) => [top, `${top}-c`, `${top}-c-c`];
  for (const [top, recursive] of [["deep", true], ["flat", false]]) {
    await hub.start("parent", 2, top);
    await hub.inStatus(`${top}-c-c`, Status.RUNNING);
    await hub.client.terminateOrchestration(top, terminateOptions({ recursive, output: "end" }));
    assert.equal((await hub.ended(top)).runtimeStatus, Status.TERMINATED);
  }
  for (const id of ids("deep")) await hub.inStatus(id, Status.TERMINATED);
  await sleep(200);
  for (const id of ids("flat").slice(1)) {
    assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.RUNNING);
    await hub.client.terminateOrchestration(id, "");
  }
});

test("purged: by id, by filter, with children; never what still runs", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: {
    ...waits.orchestrators, ...quick.orchestrators,
    parent: async function* (ctx) {
      yield ctx.callSubOrchestrator("quick", 1, { instanceId: `${ctx.instanceId}-c` });
    },
  } });
  const known = async (id) => (await hub.client.getOrchestrationState(id)) !== undefined;
  const purge = async (...of) => (await hub.client.purgeOrchestration(...of)).deletedInstanceCount;

  const id = (await hub.run("quick", 1)).instanceId;
  assert.equal(await purge(id), 1);
  assert.equal(await known(id), false);
  assert.equal(await purge(id), 0);

  const running = await hub.start("waits");
  await hub.client.waitForOrchestrationStart(running);
  assert.equal(await purge(running), 0);
  assert.equal(await known(running), true);

  await hub.run("parent", null, "p1");
  await hub.run("parent", null, "p2");
  assert.equal(await purge("p1"), 1);
  assert.equal(await known("p1-c"), true);
  assert.equal(await purge("p2", { recursive: true }), 2);
  assert.equal(await known("p2-c"), false);

  const before = new Date();
  await hub.run("quick", 1, "q1");
  await hub.run("fails", 1, "f1");
  await hub.run("fails", 1, "f2");
  const criteria = new PurgeInstanceCriteria();
  criteria.setCreatedTimeFrom(before);
  criteria.setCreatedTimeTo(new Date(Date.now() + 60_000));
  criteria.setRuntimeStatusList([Status.FAILED]);
  assert.equal(await purge(criteria), 2);
  assert.equal(await known("q1"), true);
  const old = new PurgeInstanceCriteria();
  old.setCreatedTimeTo(before);
  assert.equal(await purge(old), 1); // p1-c
  assert.equal(await purge(new PurgeInstanceCriteria()), 1); // q1: whatever has ended
  assert.equal(await known(running), true);
  await hub.client.terminateOrchestration(running, null);
});

test("found by status, time and prefix, page by page", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ ...quick, orchestrators: { ...quick.orchestrators, ...waits.orchestrators } });
  const made = [];
  for (let i = 0; i < 25; ++i) made.push(`page-${String(i).padStart(2, "0")}`);
  await Promise.all(made.map((id) => hub.run("quick", { id }, id)));
  const middle = new Date();
  await sleep(20);
  await hub.run("fails", null, "other-1");
  const running = await hub.start("waits", "in", "other-2");
  await hub.client.waitForOrchestrationStart(running);

  const ids = async (query) => (await all(hub.client.getAllInstances(query)))
    .map((state) => state.instanceId).sort();
  assert.deepEqual(await ids({ instanceIdPrefix: "page-" }), made);
  assert.deepEqual(await ids({ instanceIdPrefix: "page-1" }), made.slice(10, 20));
  assert.deepEqual(await ids({}), ["other-1", "other-2", ...made]);
  assert.deepEqual(await ids({ statuses: [Status.FAILED] }), ["other-1"]);
  assert.deepEqual(await ids({ statuses: [Status.FAILED, Status.RUNNING] }), ["other-1", "other-2"]);
  assert.deepEqual(await ids({ createdFrom: middle }), ["other-1", "other-2"]);
  assert.deepEqual(await ids({ createdTo: middle }), made);
  assert.deepEqual(await ids({ createdFrom: middle, statuses: [Status.COMPLETED] }), []);
  assert.deepEqual(await ids({ instanceIdPrefix: "none" }), []);

  const pages = [];
  for await (const page of hub.client.getAllInstances(
    { instanceIdPrefix: "page-", pageSize: 10, fetchInputsAndOutputs: true }).asPages()) {
    pages.push(page);
  }
  assert.ok(pages.length >= 3 && pages.every((page) => page.values.length <= 10));
  assert.ok(!pages.at(-1).continuationToken, "the last page says so");
  const found = pages.flatMap((page) => page.values);
  assert.deepEqual(found.map((state) => state.instanceId).sort(), made);
  for (const state of found) {
    assert.deepEqual(JSON.parse(state.serializedInput), { id: state.instanceId });
    assert.deepEqual(output(state), { id: state.instanceId });
  }
  const bare = await all(hub.client.getAllInstances({ fetchInputsAndOutputs: false }));
  assert.ok(bare.every((state) => !state.serializedInput && !state.serializedOutput));
  await hub.client.terminateOrchestration(running, null);
});

test("ids of what has ended, in the order of the ends", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: { ...quick.orchestrators, ...waits.orchestrators } });
  for (let i = 0; i < 7; ++i) await hub.run(i === 3 ? "fails" : "quick", i, `e${i}`);
  const running = await hub.start("waits");
  const ids = [];
  let key;
  do {
    const page = await hub.client.listInstanceIds({ pageSize: 3, lastInstanceKey: key });
    assert.ok(page.values.length <= 3);
    ids.push(...page.values);
    key = page.continuationToken;
  } while (key);
  assert.deepEqual(ids, ["e0", "e1", "e2", "e3", "e4", "e5", "e6"]);
  const failed = await hub.client.listInstanceIds({ runtimeStatus: [Status.FAILED] });
  assert.deepEqual(failed.values, ["e3"]);
  const late = await hub.client.listInstanceIds({ completedTimeFrom: new Date(Date.now() + 60_000) });
  assert.deepEqual(late.values, []);
  await hub.client.terminateOrchestration(running, null);
});

test("waits: for the start, for the end, for nothing", async (t) => {
  const hub = new Hub(t);
  const id = await hub.start("waits", "in", "waited-for");
  await assert.rejects(hub.client.waitForOrchestrationStart(id, false, 0.3), /timed out/i);
  assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.PENDING);
  await hub.worker(waits);
  const started = await hub.client.waitForOrchestrationStart(id, true, 60);
  assert.equal(started.runtimeStatus, Status.RUNNING);
  assert.equal(started.serializedInput, '"in"');
  await assert.rejects(hub.client.waitForOrchestrationCompletion(id, true, 0.3), /timed out/i);
  const two = [hub.ended(id), hub.client.waitForOrchestrationCompletion(id, false, 60)];
  await hub.client.raiseOrchestrationEvent(id, "go", "out");
  const [full, bare] = await Promise.all(two);
  assert.equal(output(full), "out");
  assert.ok(!bare.serializedOutput && !bare.serializedInput);
});

test("an id in use is refused; one that has ended is used again", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: { ...quick.orchestrators, ...waits.orchestrators } });
  await hub.start("waits", null, "the-id");
  await assert.rejects(hub.start("quick", 2, "the-id"), /exist/);
  await hub.client.waitForOrchestrationStart("the-id");
  await assert.rejects(hub.start("quick", 2, "the-id"), /exist/);
  await hub.client.raiseOrchestrationEvent("the-id", "go", 1);
  assert.equal(output(await hub.ended("the-id")), 1);
  assert.equal(output(await hub.run("quick", 2, "the-id")), 2);
  await assert.rejects(hub.start("", 1));
});

test("rewound: what failed is done again, what was done is not", async (t) => {
  const hub = new Hub(t);
  const calls = { good: 0, bad: 0, child: 0 };
  let broken = true;
  await hub.worker({
    orchestrators: {
      works: async function* (ctx) {
        const good = yield ctx.callActivity("good");
        const child = yield ctx.callSubOrchestrator("child", null, { instanceId: `${ctx.instanceId}-c` });
        return [good, child, yield ctx.callActivity("bad", "bad")];
      },
      child: async function* (ctx) { return yield ctx.callActivity("bad", "child"); },
    },
    activities: {
      good: async () => ++calls.good,
      bad: async (_, which) => {
        ++calls[which];
        if (broken) throw new Error("broken");
        return which;
      },
    },
  });
  const id = "to-rewind";
  assert.equal((await hub.run("works", null, id)).runtimeStatus, Status.FAILED);
  broken = false;
  await hub.client.rewindInstance(id, "mended");
  const state = await Hub.until(() => hub.ended(id),
    (now) => now.runtimeStatus === Status.COMPLETED);
  assert.deepEqual(output(state), [1, "child", "bad"]);
  assert.deepEqual(calls, { good: 1, bad: 1, child: 2 });
  await assert.rejects(hub.client.rewindInstance(id, "again"), /not allow|precondition|running/i);
});

test("restarted: with the same id when it has ended, with another at any time", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: { ...quick.orchestrators, ...waits.orchestrators } });
  const first = await hub.run("quick", { n: 1 }, { instanceId: "again", tags: { kept: "yes" } });
  assert.equal(await hub.client.restartOrchestration("again", false), "again");
  const second = await hub.ended("again");
  assert.deepEqual(output(second), { n: 1 });
  assert.equal(second.tags.kept, "yes");
  assert.ok(second.createdAt >= first.lastUpdatedAt);
  const other = await hub.client.restartOrchestration("again", true);
  assert.notEqual(other, "again");
  assert.deepEqual(output(await hub.ended(other)), { n: 1 });

  const running = await hub.start("waits", "in");
  await hub.client.waitForOrchestrationStart(running);
  await assert.rejects(hub.client.restartOrchestration(running, false));
  const copy = await hub.client.restartOrchestration(running, true);
  for (const id of [running, copy]) {
    await hub.client.raiseOrchestrationEvent(id, "go", 1);
    assert.equal(output(await hub.ended(id)), 1);
  }
});

test("the history has the shape that everybody expects", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      everything: async function* (ctx) {
        yield ctx.callActivity("echo", 1);
        yield ctx.createTimer(0.01);
        yield ctx.callSubOrchestrator("child", 2);
        yield ctx.waitForExternalEvent("go");
        return "done";
      },
      child: async function* (_, input) { return input; },
    },
    activities: { echo: async (_, value) => value },
  });
  const id = await hub.start("everything", { in: 1 });
  await hub.client.raiseOrchestrationEvent(id, "go", { e: 1 });
  await hub.ended(id);
  const events = await hub.client.getOrchestrationHistory(id);
  const of = (type) => events.filter((event) => event.type === type);
  const one = (type) => {
    assert.equal(of(type).length, 1, type);
    return of(type)[0];
  };
  const started = one("ExecutionStarted");
  assert.equal(started.name, "everything");
  assert.equal(started.input, '{"in":1}');
  assert.equal(started.orchestrationInstance.instanceId, id);
  assert.ok(started.orchestrationInstance.executionId);
  const completed = one("ExecutionCompleted");
  assert.equal(completed.result, '"done"');
  assert.equal(events.at(-1), completed);
  assert.ok(of("OrchestratorStarted").length >= 1);
  assert.equal(events[0].type, "OrchestratorStarted");
  assert.equal(one("TaskCompleted").taskScheduledId, one("TaskScheduled").eventId);
  assert.equal(one("TimerFired").timerId, one("TimerCreated").eventId);
  assert.deepEqual(one("TimerFired").fireAt, one("TimerCreated").fireAt);
  assert.equal(one("SubOrchestrationInstanceCompleted").taskScheduledId,
    one("SubOrchestrationInstanceCreated").eventId);
  assert.equal(one("EventRaised").input, '{"e":1}');
  const numbers = events.map((event) => event.eventId).filter((number) => number > 0);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  for (const event of events) assert.ok(event.timestamp instanceof Date, event.type);
});
