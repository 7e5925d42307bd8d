// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The application on DBOS. DBOS is a library, so it is worker and client at once; asked by
// messages.
import fs from "node:fs";
import { DBOS } from "@dbos-inc/dbos-sdk";
import { closedLoop, pool, range } from "../../harness/load.mjs";
import { now, serveMessages } from "../../harness/processes.mjs";
import { distribution, growth } from "../../harness/statistics.mjs";

const cities = ["Tokyo", "Seattle", "London", "Paris", "Cairo"];
const stepLog = process.env.STEP_LOG ? fs.openSync(process.env.STEP_LOG, "a") : null;
const step = (id, what) => {
  if (stepLog !== null) fs.writeSync(stepLog, `${id} ${what}\n`);
};
let late = [];
let longs = 0;
const stamps = new Map();

const chain = DBOS.registerWorkflow(async () => {
  const id = DBOS.workflowID;
  const greetings = [];
  for (let i = 0; i < 5; i++) {
    greetings.push(await DBOS.runStep(async () => {
      step(id, i);
      return `Hello ${cities[i]}`;
    }, { name: "hello" }));
  }
  step(id, "end");
  return greetings;
}, { name: "chain" });
const fan = DBOS.registerWorkflow(async (width) => {
  const steps = range(width).map((i) => DBOS.runStep(async () => i, { name: "number" }));
  return (await Promise.all(steps)).reduce((a, b) => a + b, 0);
}, { name: "fan" });
const long = DBOS.registerWorkflow(async (id, steps) => {
  const mine = [];
  stamps.set(id, mine);
  for (let i = 0; i < steps; i++) {
    await DBOS.runStep(async () => i, { name: "s" });
    mine.push(performance.now());
  }
  return steps;
}, { name: "long" });
const sleeper = DBOS.registerWorkflow(async (due) => {
  await DBOS.sleep(Math.max(0, due - (await DBOS.now())));
  late.push(Date.now() - due);
  return true;
}, { name: "sleeper" });
const waiter = DBOS.registerWorkflow(async () => await DBOS.recv("go", 600), { name: "waiter" });

DBOS.setConfig({
  name: "bench", systemDatabaseUrl: process.env.POSTGRES, logLevel: "error",
  applicationVersion: "bench-1",
});
await DBOS.launch();
async function run(workflow, ...input) {
  return (await DBOS.startWorkflow(workflow)(...input)).getResult();
}

async function event(latencies) {
  const handle = await DBOS.startWorkflow(waiter)();
  const begin = now();
  await DBOS.send(handle.workflowID, "x", "go");
  if ((await handle.getResult()) !== "x") throw new Error("another event arrived");
  latencies.push(now() - begin);
}

serveMessages({
  chain: ({ inFlight, ms }) => closedLoop(inFlight, ms, () => run(chain)),
  fan: async (width) => {
    const begin = now();
    if ((await run(fan, width)) !== (width * (width - 1)) / 2) throw new Error("wrong sum");
    const took = now() - begin;
    return { total_ms: took, rate: (width / took) * 1000 };
  },
  long: async (steps) => {
    const id = `l${longs++}`;
    const begin = now();
    await run(long, id, steps);
    const took = now() - begin;
    return { total_ms: took, rate: (steps / took) * 1000, ...growth(stamps.get(id)) };
  },
  event: async ({ inFlight, ms }) => {
    const latencies = [];
    const result = await closedLoop(inFlight, ms, () => event(latencies));
    return { ...result, event_lat_ms: distribution(latencies) };
  },
  sleepers: async ({ count, due }) => {
    late = [];
    const begin = now();
    await pool(range(count), 64, () => DBOS.startWorkflow(sleeper)(due));
    return now() - begin;
  },
  late: () => late.length,
  lateness: () => distribution(late),
  submit: ({ count, prefix }) => { // every id whose start is committed is told
    pool(range(count), 64, async (i) => {
      const handle = await DBOS.startWorkflow(chain, { workflowID: prefix + i })();
      process.send({ acked: prefix + i });
      await handle.getResult();
    }).catch(() => {}); // it is killed in the midst of it
  },
  resubmit: async (ids) => {
    await pool(ids, 64, async (id) =>
      (await DBOS.startWorkflow(chain, { workflowID: id })()).getResult());
    return ids.length;
  },
});
process.send({ ready: true });
