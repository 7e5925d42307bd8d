// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The workloads on the official Durable Task SDK for JavaScript: worker and client of the server in
// PERDURE_GRPC, asked by messages. The same words as bench/perdure/workloads.cc.
import fs from "node:fs";
import dt from "@microsoft/durabletask-js";
import { closedLoop, pool, range } from "../harness/load.mjs";
import { now, serveMessages, sleep } from "../harness/processes.mjs";
import { distribution } from "../harness/statistics.mjs";

const WAIT_SECONDS = 600;
const RETRIES_MAX = 3000;
const RETRY_MS = 20;
const cities = ["Tokyo", "Seattle", "London", "Paris", "Cairo"];

let stepLog = null;
const step = (id, what) => {
  if (stepLog !== null) fs.writeSync(stepLog, `${id} ${what}\n`);
};

const options = { hostAddress: process.env.PERDURE_GRPC, logger: new dt.NoOpLogger() };
const worker = new dt.TaskHubGrpcWorker({ ...options, shutdownTimeoutMs: 1000 });
const speculative = { tags: { "perdure.speculative": "true" } };
for (const [name, more] of [["chain", undefined], ["dash", speculative]]) {
  worker.addNamedOrchestrator(name, async function* (ctx, steps) {
    const greetings = [];
    for (let i = 0; i < steps; i++) greetings.push(yield ctx.callActivity("hello", i, more));
    step(ctx.instanceId, "end");
    return greetings;
  });
}
worker.addNamedOrchestrator("fan", async function* (ctx, width) {
  const numbers = yield dt.whenAll(range(width).map((i) => ctx.callActivity("number", i)));
  return numbers.reduce((a, b) => a + b, 0);
});
worker.addNamedOrchestrator("waiter", async function* (ctx) {
  return yield ctx.waitForExternalEvent("go");
});
worker.addNamedActivity("hello", (ctx, i) => {
  step(ctx.orchestrationId, i);
  return `Hello ${cities[i % cities.length]}`;
});
worker.addNamedActivity("number", (_, i) => i);
await worker.start();
const client = new dt.TaskHubGrpcClient(options);

async function ended(id) {
  const state = await client.waitForOrchestrationCompletion(id, true, WAIT_SECONDS);
  if (state?.failureDetails) throw new Error(state.failureDetails.message);
  return JSON.parse(state.serializedOutput);
}
async function run(name, input) {
  return ended(await client.scheduleNewOrchestration(name, input));
}
function checkChain(greetings, steps) {
  if (greetings.length !== steps || (steps && greetings[0] !== "Hello Tokyo")) {
    throw new Error("a chain ended with another result");
  }
}
const isDown = (error) => error?.code === 14; // UNAVAILABLE
const isThere = (error) => error?.code === 6; // ALREADY_EXISTS

async function whileDown(call) {
  for (let i = 0; ; i++) {
    try {
      return await call();
    } catch (error) {
      if (!isDown(error) || i === RETRIES_MAX) throw error;
      await sleep(RETRY_MS);
    }
  }
}
/** To start an instance that has ended runs it again, so what may be there is asked for first. */
async function startSurely(id, isNew) {
  let mayBeThere = !isNew;
  try {
    await whileDown(async () => {
      if (mayBeThere && (await client.getOrchestrationState(id, false))) return;
      mayBeThere = true;
      await client.scheduleNewOrchestration("chain", 5, id);
    });
  } catch (error) {
    if (!isThere(error)) throw error;
  }
}
async function all(numbers, width, each) {
  const begin = now();
  const said = { done: 0, err: 0 };
  await pool(numbers, +width, async (number) => {
    try {
      await each(number);
      said.done++;
    } catch (error) {
      said.err++;
      said.last_err = String(error?.message || error);
    }
  });
  return { ...said, elapsed_s: (now() - begin) / 1000 };
}
const finishOne = async (id) => checkChain(await whileDown(() => ended(id)), 5);

const chains = (name) => ([inFlight, ms, steps]) => closedLoop(+inFlight, +ms, async () => {
  checkChain(await run(name, +steps), +steps);
});

serveMessages({
  ready: () => true,
  chain: chains("chain"),
  dash: chains("dash"),
  fan: async ([width]) => {
    const begin = now();
    if ((await run("fan", +width)) !== (width * (width - 1)) / 2) throw new Error("wrong sum");
    const took = now() - begin;
    return { total_ms: +took.toFixed(2), rate: +((width / took) * 1000).toFixed(1) };
  },
  event: async ([inFlight, ms]) => {
    const events = [];
    const said = await closedLoop(+inFlight, +ms, async () => {
      const id = await client.scheduleNewOrchestration("waiter");
      const begin = now();
      await client.raiseOrchestrationEvent(id, "go", "x");
      if ((await ended(id)) !== "x") throw new Error("another event arrived");
      events.push(now() - begin);
    });
    return { ...said, event_lat_ms: distribution(events) };
  },
  log: ([file]) => {
    if (stepLog !== null) fs.closeSync(stepLog);
    stepLog = fs.openSync(file, "a");
  },
  submit: async ([count, prefix, width, acks]) => {
    const file = fs.openSync(acks, "a");
    const said = await all(range(+count), width, async (number) => {
      await startSurely(`${prefix}-${number}`, true);
      fs.writeSync(file, `${String(number).padStart(7, "0")}\n`);
    });
    fs.closeSync(file);
    return said;
  },
  finish: ([count, prefix, width, starts]) => all(range(+count), width, async (number) => {
    if (starts === "1") await startSurely(`${prefix}-${number}`, false);
    await finishOne(`${prefix}-${number}`);
  }),
  finished_of: ([prefix, width, acks]) => {
    const numbers = fs.readFileSync(acks, "utf8").split("\n").filter(Boolean).map(Number);
    return all(numbers, width, (number) => finishOne(`${prefix}-${number}`));
  },
});
