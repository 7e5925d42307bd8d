// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Who gets which work: filters, versions, several workers, workers that go, hubs apart.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import dt from "@microsoft/durabletask-js";
import { Hub, output, sleep } from "./perdure.js";

const { OrchestrationStatus: Status, VersionMatchStrategy, VersionFailureStrategy } = dt;

const names = { orchestrators: { who: async function* (ctx, name) {
  return yield ctx.callActivity(name ?? "a");
} } };

test("filters: each worker gets what it asked for", async (t) => {
  const hub = new Hub(t);
  const answers = (who) => ({ a: async () => `a of ${who}`, b: async () => `b of ${who}` });
  await hub.worker({ ...names, activities: answers("first") },
    { workItemFilters: { orchestrations: [{ name: "who" }], activities: [{ name: "a" }] } });
  await hub.worker({ activities: answers("second") },
    { workItemFilters: { activities: [{ name: "b" }] } });
  for (let i = 0; i < 5; ++i) {
    assert.equal(output(await hub.run("who", "a")), "a of first");
    assert.equal(output(await hub.run("who", "b")), "b of second");
  }
  const id = await hub.start("nobody takes it");
  await sleep(300);
  assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.PENDING);
  await hub.worker({ orchestrators: { "nobody takes it": async function* () { return 1; } } },
    { workItemFilters: "auto" });
  assert.equal(output(await hub.ended(id)), 1);
});

test("filters by version: the exact one, or any", async (t) => {
  const hub = new Hub(t);
  const version = (text) => ({ orchestrators: { v: async function* (ctx) {
    return `${text} ran ${ctx.version}`;
  } } });
  const only = (...versions) => ({ workItemFilters: { orchestrations: [{ name: "v", versions }] } });
  await hub.worker(version("one"), only("1.0"));
  await hub.worker(version("two"), only("2.0", "2.1"));
  assert.equal(output(await hub.run("v", null, { version: "1.0" })), "one ran 1.0");
  assert.equal(output(await hub.run("v", null, { version: "2.1" })), "two ran 2.1");
  const id = await hub.start("v", null, { version: "3.0" });
  await sleep(300);
  assert.equal((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.PENDING);
  await hub.worker(version("any"), only());
  assert.equal(output(await hub.ended(id)), "any ran 3.0");
});

test("a version that does not match: failed, or left to another worker", async (t) => {
  const hub = new Hub(t);
  const run = { orchestrators: { v: async function* (ctx) { return ctx.version; } } };
  const strict = (version, failureStrategy) => ({ versioning: {
    version, matchStrategy: VersionMatchStrategy.Strict, failureStrategy } });
  const failing = await hub.worker(run, strict("1.0", VersionFailureStrategy.Fail));
  assert.equal(output(await hub.run("v", null, { version: "1.0" })), "1.0");
  const failed = await hub.run("v", null, { version: "2.0" });
  assert.equal(failed.runtimeStatus, Status.FAILED);
  assert.match(failed.failureDetails.errorType, /Version/);
  await failing.stop();

  await hub.worker(run, strict("1.0", VersionFailureStrategy.Reject));
  const id = await hub.start("v", null, { version: "2.0" });
  await sleep(500);
  assert.notEqual((await hub.client.getOrchestrationState(id)).runtimeStatus, Status.FAILED);
  await hub.worker(run, strict("2.0", VersionFailureStrategy.Reject));
  assert.equal(output(await hub.ended(id)), "2.0");
});

test("several workers share the work", async (t) => {
  const hub = new Hub(t);
  const busy = (who) => ({ a: async () => { await sleep(20); return who; } });
  for (const who of ["x", "y"]) {
    await hub.worker({ ...names, activities: busy(who) });
  }
  const ids = await Promise.all(Array.from({ length: 200 }, () => hub.start("who")));
  const states = await Promise.all(ids.map((id) => hub.ended(id)));
  const seen = new Set(states.map(output));
  assert.deepEqual([...seen].sort(), ["x", "y"]);
});

test("a worker that is killed: what it held comes to another", async (t) => {
  const hub = new Hub(t);
  const first = spawn(process.execPath, [fileURLToPath(new URL("victim.js", import.meta.url)), hub.name],
    { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => first.kill("SIGKILL"));
  const id = await hub.start("who", "a");
  await new Promise((begun) => first.stdout.once("data", begun)); // it holds the activity now
  first.kill("SIGKILL");
  await hub.worker({ ...names, activities: { a: async () => "the other" } });
  assert.equal(output(await hub.ended(id)), "the other");
});

test("a worker that stops gives back what it has not begun", async (t) => {
  const hub = new Hub(t);
  const first = await hub.worker({ ...names, activities: { a: async () => "first" } });
  assert.equal(output(await hub.run("who")), "first");
  await first.stop();
  const id = await hub.start("who");
  await hub.worker({ ...names, activities: { a: async () => "second" } });
  assert.equal(output(await hub.ended(id)), "second");
});

test("hubs do not see each other", async (t) => {
  const one = new Hub(t);
  const two = new Hub(t);
  await one.worker({ ...names, activities: { a: async () => "one" } });
  const here = await one.start("who", "a", "same");
  const there = await two.start("who", "a", "same");
  assert.equal(output(await one.ended(here)), "one");
  assert.equal((await two.client.getOrchestrationState(there)).runtimeStatus, Status.PENDING);
  await two.worker({ ...names, activities: { a: async () => "two" } });
  assert.equal(output(await two.ended(there)), "two");
  assert.equal((await one.client.purgeOrchestration("same")).deletedInstanceCount, 1);
  assert.equal(output(await two.client.getOrchestrationState("same", true)), "two");
});
