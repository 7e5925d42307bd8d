// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What orchestrations do: steps, timers, events, children, retries, new executions.
import assert from "node:assert/strict";
import { test } from "node:test";
import dt from "@microsoft/durabletask-js";
import { Hub, output, sleep } from "./perdure.js";

const { OrchestrationStatus: Status, RetryPolicy, whenAll, whenAny } = dt;

const retries = (attempts) =>
  new RetryPolicy({ maxNumberOfAttempts: attempts, firstRetryIntervalInMilliseconds: 20 });

const sayHello = async (_, name) => `Hello, ${name}!`;

test("chaining: what one activity answers goes into the next", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      chain: async function* (ctx, input) {
        let value = input;
        for (let i = 0; i < 10; ++i) value = yield ctx.callActivity("plusOne", value);
        return value;
      },
    },
    activities: { plusOne: async (_, value) => value + 1 },
  });
  const state = await hub.run("chain", 5);
  assert.equal(state.runtimeStatus, Status.COMPLETED);
  assert.equal(output(state), 15);
  assert.equal(state.serializedInput, "5");
  assert.ok(state.createdAt <= state.lastUpdatedAt);
});

test("fan-out and fan-in: as many results as activities, in order", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      fan: async function* (ctx, count) {
        const tasks = [];
        for (let i = 0; i < count; ++i) tasks.push(ctx.callActivity("square", i));
        return yield whenAll(tasks);
      },
    },
    activities: { square: async (_, value) => value * value },
  });
  const state = await hub.run("fan", 200);
  assert.deepEqual(output(state), Array.from({ length: 200 }, (_, i) => i * i));
});

test("the faster of two wins, and the other does no harm", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      race: async function* (ctx) {
        const slow = ctx.createTimer(3600);
        const fast = ctx.callActivity("hello", "you");
        const winner = yield whenAny([slow, fast]);
        return winner === fast ? fast.getResult() : "the timer";
      },
    },
    activities: { hello: sayHello },
  });
  assert.equal(output(await hub.run("race")), "Hello, you!");
});

test("timers fire not before their time, one after the other and side by side", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      sleeps: async function* (ctx) {
        const began = ctx.currentUtcDateTime.getTime();
        yield ctx.createTimer(0.2);
        const between = ctx.currentUtcDateTime.getTime();
        yield whenAll([ctx.createTimer(0.1), ctx.createTimer(0.2), ctx.createTimer(0)]);
        yield ctx.createTimer(new Date(0)); // long ago: at once
        return [began, between, ctx.currentUtcDateTime.getTime()];
      },
    },
  });
  const [began, between, after] = output(await hub.run("sleeps"));
  assert.ok(began > Date.UTC(2020), "the clock is that of the server");
  assert.ok(between >= began + 200 && after >= between + 200, `${began} ${between} ${after}`);
});

test("events: before the wait, several of a name, whatever the case", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      listen: async function* (ctx) {
        yield ctx.waitForExternalEvent("Go");
        const got = [];
        for (let i = 0; i < 3; ++i) got.push(yield ctx.waitForExternalEvent("Data"));
        const [left, right] = yield whenAll([
          ctx.waitForExternalEvent("left"), ctx.waitForExternalEvent("right")]);
        return [...got, left, right];
      },
    },
  });
  const id = await hub.start("listen");
  await hub.client.raiseOrchestrationEvent(id, "DATA", 1);
  await hub.client.raiseOrchestrationEvent(id, "data", { two: 2 });
  await hub.client.raiseOrchestrationEvent(id, "right", null);
  await hub.client.raiseOrchestrationEvent(id, "nobody waits for it", 0);
  await hub.client.raiseOrchestrationEvent(id, "gO");
  await hub.client.raiseOrchestrationEvent(id, "Data", "three");
  await hub.client.raiseOrchestrationEvent(id, "LEFT", [4]);
  assert.deepEqual(output(await hub.ended(id)), [1, { two: 2 }, "three", [4], null]);
});

test("an event that does not come is given up after a time", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      patient: async function* (ctx) {
        const event = ctx.waitForExternalEvent("late");
        const winner = yield whenAny([event, ctx.createTimer(0.2)]);
        return winner === event ? "event" : "time";
      },
    },
  });
  assert.equal(output(await hub.run("patient")), "time");
});

test("orchestrations tell each other", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      teller: async function* (ctx, to) {
        ctx.sendEvent(to, "word", { from: ctx.instanceId });
        ctx.sendEvent("nobody", "word", 1); // lost, without harm
        yield ctx.createTimer(0.01);
        return "told";
      },
      listener: async function* (ctx) { return yield ctx.waitForExternalEvent("word"); },
    },
  });
  const listener = await hub.start("listener");
  const teller = await hub.start("teller", listener);
  assert.equal(output(await hub.ended(teller)), "told");
  assert.deepEqual(output(await hub.ended(listener)), { from: teller });
});

test("children: their answers, their parent, ids that are given or not", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      parent: async function* (ctx) {
        const children = [];
        for (let i = 0; i < 5; ++i) children.push(ctx.callSubOrchestrator("child", i));
        children.push(ctx.callSubOrchestrator("child", 5, { instanceId: `${ctx.instanceId}-own` }));
        return yield whenAll(children);
      },
      child: async function* (ctx, input) {
        const doubled = yield ctx.callActivity("double", input);
        return { doubled, parent: ctx.parent?.orchestrationInstanceId ?? ctx.parent?.instanceId };
      },
    },
    activities: { double: async (_, value) => value * 2 },
  });
  const state = await hub.run("parent", null, "the-parent");
  const results = output(state);
  assert.deepEqual(results.map((one) => one.doubled), [0, 2, 4, 6, 8, 10]);
  assert.equal(output(await hub.client.getOrchestrationState("the-parent-own", true)).doubled, 10);
});

test("a child that fails fails its parent, with what it said", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      parent: async function* (ctx) { yield ctx.callSubOrchestrator("child"); },
      catching: async function* (ctx) {
        try {
          yield ctx.callSubOrchestrator("child");
        } catch (error) {
          return `caught ${error.message}`;
        }
      },
      child: async function* (ctx) { yield ctx.callActivity("fails"); },
    },
    activities: { fails: async () => { throw new TypeError("not today"); } },
  });
  const state = await hub.run("parent");
  assert.equal(state.runtimeStatus, Status.FAILED);
  assert.match(state.failureDetails.message, /not today/);
  assert.match(output(await hub.run("catching")), /^caught .*not today/s);
});

test("an activity that fails, a name that nobody knows, an orchestrator that throws", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      fails: async function* (ctx) { yield ctx.callActivity("fails"); },
      unknown: async function* (ctx) { yield ctx.callActivity("no such activity"); },
      throws: async function* () { throw new RangeError("thrown"); },
    },
    activities: { fails: async () => { throw new TypeError("not today"); } },
  });
  const failed = await hub.run("fails");
  assert.equal(failed.runtimeStatus, Status.FAILED);
  assert.match(failed.failureDetails.message, /not today/);
  assert.throws(() => failed.raiseIfFailed());
  assert.match((await hub.run("unknown")).failureDetails.message, /no such activity/);
  const thrown = await hub.run("throws");
  assert.equal(thrown.failureDetails.errorType, "RangeError");
  assert.match(thrown.failureDetails.stackTrace, /orchestrations\.test/);
  assert.equal((await hub.run("nobody has it")).runtimeStatus, Status.FAILED);
});

test("retries: of an activity and of a child, until they are used up", async (t) => {
  const hub = new Hub(t);
  const calls = new Map();
  const fail = (name, times) => {
    const call = (calls.get(name) ?? 0) + 1;
    calls.set(name, call);
    if (call <= times) throw new Error(`${name} failed ${call}`);
    return call;
  };
  await hub.worker({
    orchestrators: {
      activity: async function* (ctx, { name, times, attempts }) {
        return yield ctx.callActivity("fails", { name, times }, { retry: retries(attempts) });
      },
      child: async function* (ctx, { name, times, attempts }) {
        return yield ctx.callSubOrchestrator("failing", { name, times },
          { retry: retries(attempts), instanceId: `${ctx.instanceId}-child` });
      },
      failing: async function* (ctx, input) { return yield ctx.callActivity("fails", input); },
    },
    activities: { fails: async (_, { name, times }) => fail(name, times) },
  });
  for (const kind of ["activity", "child"]) {
    const good = await hub.run(kind, { name: `${kind} good`, times: 2, attempts: 3 });
    assert.equal(output(good), 3, JSON.stringify(good));
    const bad = await hub.run(kind, { name: `${kind} bad`, times: 9, attempts: 4 });
    assert.equal(bad.runtimeStatus, Status.FAILED);
    assert.match(bad.failureDetails.message, new RegExp(`${kind} bad failed 4`));
    assert.equal(calls.get(`${kind} bad`), 4);
  }
});

test("continue as new: the input goes on, events that were not taken too", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      counts: async function* (ctx, { round, sum }) {
        if (round === 0) yield ctx.waitForExternalEvent("start");
        sum += yield ctx.waitForExternalEvent("add");
        if (round < 9) {
          yield ctx.callSubOrchestrator("child", round); // a fresh id in every execution
          ctx.continueAsNew({ round: round + 1, sum }, true);
          return;
        }
        return sum;
      },
      child: async function* (_, round) { return round; },
    },
  });
  const id = await hub.start("counts", { round: 0, sum: 0 });
  for (let i = 1; i <= 10; ++i) await hub.client.raiseOrchestrationEvent(id, "add", i);
  await hub.client.raiseOrchestrationEvent(id, "start");
  const state = await hub.ended(id);
  assert.equal(output(state), 55);
  assert.deepEqual(JSON.parse(state.serializedInput), { round: 9, sum: 45 });
  const history = await hub.client.getOrchestrationHistory(id);
  assert.equal(history.filter((event) => event.type === "ExecutionStarted").length, 1);
});

test("continue as new without the events: they are gone", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      forgets: async function* (ctx, round) {
        if (round === 0) {
          yield ctx.waitForExternalEvent("go");
          ctx.continueAsNew(1, false);
          return;
        }
        const event = ctx.waitForExternalEvent("kept");
        const winner = yield whenAny([event, ctx.createTimer(0.2)]);
        return winner === event ? "kept" : "forgotten";
      },
    },
  });
  const id = await hub.start("forgets", 0);
  await hub.client.raiseOrchestrationEvent(id, "kept", 1);
  await hub.client.raiseOrchestrationEvent(id, "go");
  assert.equal(output(await hub.ended(id)), "forgotten");
});

test("custom status: set, replaced, kept over turns, emptied", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      tells: async function* (ctx) {
        ctx.setCustomStatus({ step: 1 });
        yield ctx.waitForExternalEvent("a");
        yield ctx.waitForExternalEvent("b"); // nothing is said about the status here
        ctx.setCustomStatus("zwei ✓");
        yield ctx.waitForExternalEvent("c");
        ctx.setCustomStatus(""); // undefined is not sent at all
        yield ctx.waitForExternalEvent("d");
      },
    },
  });
  const id = await hub.start("tells");
  const status = (text) => Hub.until(
    async () => (await hub.client.getOrchestrationState(id, true)).serializedCustomStatus || undefined,
    (now) => now === text);
  await status('{"step":1}');
  await hub.client.raiseOrchestrationEvent(id, "a");
  await status('{"step":1}');
  await hub.client.raiseOrchestrationEvent(id, "b");
  await status('"zwei ✓"');
  await hub.client.raiseOrchestrationEvent(id, "c");
  await status('""');
  await hub.client.raiseOrchestrationEvent(id, "d");
  assert.equal((await hub.ended(id)).runtimeStatus, Status.COMPLETED);
});

test("payloads: nothing, null, empty, unicode, nested", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      echo: async function* (ctx, input) {
        return { type: typeof input, value: yield ctx.callActivity("echo", input) };
      },
      silent: async function* () {},
      nothing: async function* (ctx) {
        return (yield ctx.callActivity("silent")) === undefined ? "undefined" : "something";
      },
    },
    activities: { echo: async (_, value) => value, silent: async () => {} },
  });
  const values = [null, "", 0, false, [], {}, "\u0000 é 漢字 🦆 \u2028 \"quoted\" \\",
    { deep: [{ er: { "ключ": ["值", 1.5e300, -0.25] } }] }];
  for (const value of values) {
    const { type, value: echoed } = output(await hub.run("echo", value));
    if (value !== null) assert.equal(type, typeof value);
    assert.deepEqual(echoed ?? null, value);
  }
  const silent = await hub.run("silent");
  assert.equal(silent.runtimeStatus, Status.COMPLETED);
  assert.ok(!silent.serializedOutput, "no output");
  const nothing = await hub.run("nothing");
  assert.equal(nothing.runtimeStatus, Status.COMPLETED);
});

test("large payloads pass, too large ones are refused with the limit", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      large: async function* (ctx, input) { return yield ctx.callActivity("echo", input); },
      grows: async function* (ctx, bytes) { return yield ctx.callActivity("make", bytes); },
    },
    activities: { echo: async (_, text) => text, make: async (_, bytes) => "x".repeat(bytes) },
  });
  const text = "x".repeat((2 << 20) - 1000);
  assert.equal(output(await hub.run("large", text)), text);
  await assert.rejects(hub.start("large", "x".repeat(3 << 20)), /2097152|2 MiB|payload/i);
  const failed = await hub.run("grows", 3 << 20);
  assert.equal(failed.runtimeStatus, Status.FAILED);
  assert.match(failed.failureDetails.message, /2097152|2 MiB|bytes|limit/i);
});

test("tags travel with orchestrations, children and activities", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      tagged: async function* (ctx) {
        yield ctx.callActivity("hello", "x", { tags: { on: "activity" } });
        yield ctx.callSubOrchestrator("child", null,
          { instanceId: `${ctx.instanceId}-child`, tags: { on: "child" } });
      },
      child: async function* () {},
    },
    activities: { hello: sayHello },
  });
  const state = await hub.run("tagged", null, { instanceId: "tagged-1", tags: { a: "1", "é": "漢" } });
  assert.deepEqual({ ...state.tags }, { a: "1", "é": "漢" });
  const child = await hub.client.getOrchestrationState("tagged-1-child");
  assert.equal(child.tags.on, "child");
  const history = await hub.client.getOrchestrationHistory("tagged-1");
  assert.deepEqual({ ...history.find((event) => event.type === "TaskScheduled").tags },
    { on: "activity" });
});

test("a scheduled start waits for its time; one in the past does not", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ orchestrators: { now: async function* (ctx) {
    return ctx.currentUtcDateTime.getTime();
  } } });
  const at = Date.now() + 1500;
  const id = await hub.start("now", null, { startAt: new Date(at) });
  assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.PENDING);
  assert.ok(output(await hub.ended(id)) >= at);
  const past = await hub.run("now", null, { startAt: new Date(Date.now() - 100_000) });
  assert.equal(past.runtimeStatus, Status.COMPLETED);
});

test("many at once, all of them right", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    orchestrators: {
      busy: async function* (ctx, n) {
        const first = yield ctx.callActivity("hello", n);
        yield ctx.createTimer(0.01);
        return [first, yield ctx.callSubOrchestrator("child", n)];
      },
      child: async function* (_, n) { return n; },
    },
    activities: { hello: sayHello },
  });
  const ids = await Promise.all(Array.from({ length: 100 }, (_, n) => hub.start("busy", n)));
  const states = await Promise.all(ids.map((id) => hub.ended(id)));
  states.forEach((state, n) => assert.deepEqual(output(state), [`Hello, ${n}!`, n]));
  await sleep(0);
});
