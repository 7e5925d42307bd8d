// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What workerd runs: a Durable Object that counts, and the workflows that are measured, behind a
// few routes.
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";

export class Counter extends DurableObject {
  add(amount) {
    const value = (this.ctx.storage.kv.get("n") ?? 0) + amount;
    this.ctx.storage.kv.put("n", value);
    return value;
  }
  read() {
    return this.ctx.storage.kv.get("n") ?? 0;
  }
}

const cities = ["Tokyo", "Seattle", "London", "Paris", "Cairo"];
const late = [];
const stamps = new Map();
let trackedSteps = 0;

export class Bench extends WorkflowEntrypoint {
  async run(event, step) {
    const { kind, ...about } = event.payload;
    return this[kind](step, about);
  }
  async chain(step, { track }) {
    const greetings = [];
    for (let i = 0; i < 5; i++) {
      greetings.push(await step.do(`hello${i}`, async () => {
        if (track) trackedSteps++;
        return `Hello ${cities[i]}`;
      }));
    }
    return greetings;
  }
  async fan(step, { width }) {
    const steps = Array.from({ length: width }, (_, i) => step.do(`n${i}`, async () => i));
    return (await Promise.all(steps)).reduce((a, b) => a + b, 0);
  }
  async long(step, { steps, id }) {
    const mine = [];
    stamps.set(id, mine);
    for (let i = 0; i < steps; i++) {
      await step.do("s", async () => i);
      mine.push(Date.now());
    }
    return steps;
  }
  async sleep(step, { due }) {
    await step.sleepUntil("z", new Date(due));
    late.push(Date.now() - due);
    return true;
  }
  async wait(step) {
    return (await step.waitForEvent("w", { type: "go", timeout: "10 minutes" })).payload;
  }
}

async function ended(instance, pollMs) {
  for (;;) {
    const now = await instance.status();
    if (now.status === "complete") return now.output;
    if (now.status === "errored" || now.status === "terminated") {
      throw new Error(JSON.stringify(now.error));
    }
    await scheduler.wait(pollMs);
  }
}

async function answer(request, env, workflows) {
  const url = new URL(request.url);
  const [, route, name] = url.pathname.split("/");
  const pollMs = +(url.searchParams.get("poll") ?? 2);
  switch (route) {
    case "add":
      return env.COUNTER.getByName(name).add(1);
    case "read":
      return env.COUNTER.getByName(name).read();
    case "start":
      return { id: (await workflows.create(await request.json())).id };
    case "run":
      return { value: await ended(await workflows.create(await request.json()), pollMs) };
    case "status":
      return (await workflows.get(name)).status();
    case "event": {
      const instance = await workflows.get(name);
      await instance.sendEvent({ type: "go", payload: "x" });
      return { value: await ended(instance, pollMs) };
    }
    case "late":
      return { n: late.length };
    case "lateness":
      return { late };
    case "stamps":
      return stamps.get(name) ?? [];
    case "steps":
      return trackedSteps;
    default:
      return {};
  }
}

export default {
  async fetch(request, env, ctx) {
    const said = await answer(request, env, ctx.exports.Bench);
    return new Response(JSON.stringify(said), { headers: { "content-type": "application/json" } });
  },
};
