// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities: from clients, from orchestrations, from each other; sections that lock several.
import assert from "node:assert/strict";
import { test } from "node:test";
import dt from "@microsoft/durabletask-js";
import { all, Hub, output, sleep } from "./perdure.js";

const { OrchestrationStatus: Status, EntityInstanceId, TaskEntity, whenAll } = dt;

class Counter extends TaskEntity {
  initializeState() { return { value: 0 }; }
  add(amount) { this.state.value += amount; return this.state.value; }
  get() { return this.state.value; }
  set(value) { this.state.value = value; }
  fail(text) { this.state.value = -1; throw new TypeError(text); }
  forward({ to, amount }) { this.context.signalEntity(EntityInstanceId.fromString(to), "add", amount); }
  later({ to, amount, at }) {
    this.context.signalEntity(EntityInstanceId.fromString(to), "add", amount,
      { signalTime: new Date(at) });
  }
  begin(id) { return this.context.scheduleNewOrchestration("started", this.state.value, { instanceId: id }); }
}

const entities = { Counter: () => new Counter() };
const counter = (key) => new EntityInstanceId("Counter", key);

async function value(hub, key, until) {
  return Hub.until(async () => (await hub.client.getEntity(counter(key)))?.state?.value,
    (now) => now === until);
}

test("signalled, read, deleted", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities });
  assert.equal(await hub.client.getEntity(counter("Key")), undefined);
  for (let i = 1; i <= 20; ++i) await hub.client.signalEntity(counter("Key"), "add", i);
  await value(hub, "Key", 210);
  assert.equal(await hub.client.getEntity(counter("key")), undefined, "the case of a key counts");
  const bare = await hub.client.getEntity(counter("Key"), false);
  assert.equal(bare.includesState, false);
  assert.ok(bare.lastModifiedTime instanceof Date);
  assert.equal(bare.lockedBy, undefined);
  await hub.client.signalEntity(counter("Key"), "delete");
  await Hub.until(() => hub.client.getEntity(counter("Key")), (now) => now === undefined);
});

test("a delayed signal comes not before its time", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities });
  const at = Date.now() + 1000;
  await hub.client.signalEntity(counter("d"), "add", 1, { signalTime: new Date(at) });
  await hub.client.signalEntity(counter("d"), "add", 10);
  await value(hub, "d", 10);
  await value(hub, "d", 11);
  assert.ok(Date.now() >= at);
});

test("called from an orchestration: answers and failures come back, the state stays", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    entities,
    orchestrators: {
      calls: async function* (ctx) {
        const first = yield ctx.entities.callEntity(counter("c"), "add", 5);
        const both = yield whenAll([ctx.entities.callEntity(counter("c"), "ADD", 1),
          ctx.entities.callEntity(counter("c"), "add", 2)]);
        let failure;
        try {
          yield ctx.entities.callEntity(counter("c"), "fail", "on purpose");
        } catch (error) {
          failure = `${error.failureDetails.errorType}: ${error.failureDetails.errorMessage}`;
        }
        ctx.entities.signalEntity(counter("other"), "add", 3);
        return [first, both, failure, yield ctx.entities.callEntity(counter("c"), "get")];
      },
    },
  });
  const state = await hub.run("calls");
  assert.equal(state.runtimeStatus, Status.COMPLETED, JSON.stringify(state));
  const [first, both, failure, last] = output(state);
  assert.deepEqual([first, both, last], [5, [6, 8], 8]);
  assert.match(failure, /on purpose/);
  await value(hub, "other", 3);
  const types = (await hub.client.getOrchestrationHistory(state.instanceId)).map((e) => e.type);
  for (const type of ["EntityOperationCalled", "EntityOperationCompleted", "EntityOperationFailed",
    "EntityOperationSignaled"]) {
    assert.ok(types.includes(type), type);
  }
});

test("an entity that nobody knows, an operation that it does not have", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    entities,
    orchestrators: {
      unknown: async function* (ctx, [name, operation]) {
        return yield ctx.entities.callEntity(new EntityInstanceId(name, "k"), operation, 1);
      },
    },
  });
  for (const what of [["nobody", "add"], ["Counter", "fly"]]) {
    const state = await hub.run("unknown", what);
    assert.equal(state.runtimeStatus, Status.FAILED, what);
    assert.ok(state.failureDetails.message);
  }
  await hub.client.signalEntity(new EntityInstanceId("nobody", "k"), "add", 1);
  await hub.client.signalEntity(counter("k"), "add", 1);
  await value(hub, "k", 1); // what can not be done holds up nobody
});

test("entities signal entities and start orchestrations", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities, orchestrators: { started: async function* (_, input) { return input; } } });
  await hub.client.signalEntity(counter("a"), "set", 7);
  await hub.client.signalEntity(counter("a"), "forward", { to: "@counter@b", amount: 4 });
  await value(hub, "b", 4);
  const at = Date.now() + 500;
  await hub.client.signalEntity(counter("a"), "later", { to: "@counter@b", amount: 1, at });
  await value(hub, "b", 5);
  assert.ok(Date.now() >= at);
  await hub.client.signalEntity(counter("a"), "begin", "from-an-entity");
  const state = await hub.ended("from-an-entity");
  assert.equal(output(state), 7);
});

test("found by name and key, with and without state, page by page", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities: { ...entities, Other: () => new Counter() } });
  for (let i = 0; i < 12; ++i) await hub.client.signalEntity(counter(`k${i}`), "add", i);
  await hub.client.signalEntity(new EntityInstanceId("Other", "x"), "add", 1);
  await Hub.until(async () => (await all(hub.client.getEntities({}))).length, (n) => n === 13);
  const keys = async (query) => (await all(hub.client.getEntities(query))).map((one) => one.id.key).sort();
  assert.deepEqual(await keys({ instanceIdStartsWith: "other" }), ["x"]);
  assert.deepEqual(await keys({ instanceIdStartsWith: "@Counter@k1" }), ["k1", "k10", "k11"]);
  assert.deepEqual(await keys({ lastModifiedFrom: new Date(Date.now() + 60_000) }), []);
  assert.equal((await keys({ instanceIdStartsWith: "counter", pageSize: 5 })).length, 12);
  const [one] = await all(hub.client.getEntities({ instanceIdStartsWith: "@counter@k7" }));
  assert.equal(one.state.value, 7);
  const [bare] = await all(hub.client.getEntities(
    { instanceIdStartsWith: "@counter@k7", includeState: false }));
  assert.equal(bare.includesState, false);
  assert.deepEqual(await all(hub.client.getAllInstances({})), [], "entities are no orchestrations");
  const cleaned = await hub.client.cleanEntityStorage();
  assert.equal(cleaned.orphanedLocksReleased, 0);
  assert.equal(cleaned.continuationToken, undefined);
  assert.equal((await hub.client.purgeOrchestration("@counter@k7")).deletedInstanceCount, 1);
  assert.equal(await hub.client.getEntity(counter("k7")), undefined);
});

const transfer = async function* (ctx, { from, to, amount }) {
  const lock = yield ctx.entities.lockEntities(counter(from), counter(to));
  const have = yield ctx.entities.callEntity(counter(from), "get");
  if (!ctx.entities.isInCriticalSection().inSection) throw new Error("not in the section");
  // What others did in between would be overwritten here.
  const has = yield ctx.entities.callEntity(counter(to), "get");
  yield ctx.entities.callEntity(counter(from), "set", have - amount);
  yield ctx.entities.callEntity(counter(to), "set", has + amount);
  lock.release();
  return have;
};

test("sections over several entities, from many orchestrations, in any order", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities, orchestrators: { transfer } });
  const keys = ["a", "B", "c", "D"];
  for (const key of keys) await hub.client.signalEntity(counter(key), "set", 1000);
  for (const key of keys) await value(hub, key, 1000);
  const ids = [];
  for (let i = 0; i < 40; ++i) {
    const from = keys[i % 4];
    const to = keys[(i + 1 + (i % 3)) % 4];
    ids.push(await hub.start("transfer", { from, to, amount: i }));
  }
  for (const id of ids) assert.equal((await hub.ended(id)).runtimeStatus, Status.COMPLETED);
  let sum = 0;
  for (const key of keys) {
    const entity = await Hub.until(() => hub.client.getEntity(counter(key)), (now) => !now.lockedBy);
    sum += entity.state.value;
  }
  assert.equal(sum, 4000);
});

test("a section ends with its owner: that failed, ended, or was terminated", async (t) => {
  const hub = new Hub(t);
  await hub.worker({
    entities,
    orchestrators: {
      holds: async function* (ctx, how) {
        yield ctx.entities.lockEntities(counter("x"), counter("y"));
        if (how === "fail") throw new Error("inside");
        if (how === "end") return "without a release";
        if (how === "again") {
          ctx.continueAsNew("end", true);
          return;
        }
        yield ctx.waitForExternalEvent("go");
      },
    },
  });
  const free = (key) => Hub.until(() => hub.client.getEntity(counter(key)),
    (now) => now !== undefined && !now.lockedBy);
  await hub.client.signalEntity(counter("x"), "set", 0);
  await hub.client.signalEntity(counter("y"), "set", 0);
  await free("x");
  await free("y");
  for (const [how, status] of [["fail", Status.FAILED], ["end", Status.COMPLETED],
    ["again", Status.COMPLETED]]) {
    assert.equal((await hub.run("holds", how)).runtimeStatus, status);
    await free("x");
    await free("y");
  }
  const id = await hub.start("holds", "wait", "the-holder");
  await Hub.until(() => hub.client.getEntity(counter("x")), (now) => now.lockedBy === "the-holder");
  await hub.client.signalEntity(counter("x"), "add", 1); // waits for the end of the section
  await sleep(200);
  assert.equal((await hub.client.getEntity(counter("x"))).state.value, 0);
  await hub.client.terminateOrchestration(id, "enough");
  await value(hub, "x", 1);
  await free("y");
});

test("ids: any character in a key, none that is too long", async (t) => {
  const hub = new Hub(t);
  await hub.worker({ entities });
  for (const key of ["", "a@b@c", "ключ 🦆", "with space/and%20more"]) {
    await hub.client.signalEntity(counter(key), "add", 1);
    await value(hub, key, 1);
  }
  await assert.rejects(hub.client.signalEntity(counter("x".repeat(200)), "add", 1),
    /INVALID_ARGUMENT|length/);
});
