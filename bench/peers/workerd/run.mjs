// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// workerd: Durable Objects, and the Workflows engine that it brings. Every object is an SQLite file
// of its own; a workflow that ended keeps its files open for a while, so the process is started
// anew before each case of many instances: otherwise it runs out of descriptors.
import fs from "node:fs";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { closedLoop, httpClient, pool, range } from "../../harness/load.mjs";
import { cpuSeconds, residentMib } from "../../harness/machine.mjs";
import { packageFile, versionOf } from "../../harness/packages.mjs";
import { now, sleep, start, stop } from "../../harness/processes.mjs";
import { Recorder } from "../../harness/recorder.mjs";
import { BENCH, DATA, KEEPS_DATA, QUICK, seconds } from "../../harness/settings.mjs";
import { distribution, growth } from "../../harness/statistics.mjs";
import { measureCounters } from "../counters.mjs";

const FOLDER = path.join(DATA, "workerd");
const OBJECTS = path.join(FOLDER, "objects");
const BINARY = packageFile("@cloudflare", "workerd-linux-64", "bin", "workerd");
const UP_MS = 30000;
const FINISH_MS = 90000;

fs.rmSync(FOLDER, { recursive: true, force: true });
fs.mkdirSync(OBJECTS, { recursive: true });
const http = httpClient("127.0.0.1", 28787);
const server = { pid: () => server.child?.pid, dead: 0 };

async function up(route = "/noop") {
  const begin = now();
  server.child = start(BINARY, ["serve", "--experimental",
    path.join(BENCH, "peers/workerd/config.capnp"), `--directory-path=do-storage=${OBJECTS}`],
    { log: "workerd.log", cwd: FOLDER });
  for (;;) {
    try {
      await http("GET", route);
      return now() - begin;
    } catch (error) {
      if (server.child.exitCode !== null || now() - begin > UP_MS) throw error;
      await sleep(2);
    }
  }
}
async function down(signal) {
  server.dead += cpuSeconds(server.pid());
  await stop(server.child, signal);
}
async function fresh() {
  await down();
  await up();
}

await up();
const recorder = new Recorder("workerd", {
  version: execFileSync(BINARY, ["--version"]).toString().trim(),
  npm: versionOf("@cloudflare/workerd-linux-64"),
  durability: "default: one SQLite file for each object (WAL); the output gate holds a reply " +
    "until its writes are confirmed",
  servers: [server], clients: [{ pid: () => process.pid }], folders: [FOLDER],
});

await measureCounters(recorder, (name) => http("GET", `/add/${name}`));

let instances = 0;
const newId = () => `i${process.pid}-${instances++}`;
const run = (params, pollMs = 2) => http("POST", `/run?poll=${pollMs}`, { id: newId(), params });
const chain = (pollMs) => () => run({ kind: "chain" }, pollMs);
const perStep = (result) => ({ ...result, steps_rate: result.rate * 5 });
for (const [name, inFlight, pollMs] of [["W1a", 1, 2], ["W1b_64", 64, 32], ["W1b_256", 256, 128]]) {
  await recorder.measure(name, {
    note: `workflow of 5 steps, ${inFlight} in flight, its status asked every ${pollMs} ms`,
    warmup: async () => {
      await fresh();
      await closedLoop(8, seconds(1), chain(10));
    },
    fn: async () => perStep(await closedLoop(inFlight, seconds(5), chain(pollMs))),
  });
}

for (const width of QUICK ? [100] : [1000, 10000]) {
  await recorder.measure(`W2_${width}`, {
    note: `${width} parallel steps`,
    warmup: fresh,
    repeats: width > 1000 ? 1 : 3,
    fn: async () => {
      const begin = now();
      const { value } = await run({ kind: "fan", width }, 10);
      if (value !== (width * (width - 1)) / 2) throw new Error(`the sum is ${value}`);
      const took = now() - begin;
      return { total_ms: took, rate: (width / took) * 1000 };
    },
  });
}

async function event(pollMs, latencies) {
  const id = newId();
  await http("POST", "/start", { id, params: { kind: "wait" } });
  const begin = now();
  const { value } = await http("GET", `/event/${id}?poll=${pollMs}`);
  if (value !== "x") throw new Error("another event arrived");
  latencies.push(now() - begin);
}
for (const inFlight of [1, 64]) {
  await recorder.measure(`W5_${inFlight}`, {
    note: `start, event, end; ${inFlight} in flight`,
    warmup: fresh,
    fn: async () => {
      const latencies = [];
      const pollMs = inFlight === 1 ? 2 : 20;
      const result = await closedLoop(inFlight, seconds(4), () => event(pollMs, latencies));
      return { ...result, event_lat_ms: distribution(latencies) };
    },
  });
}

for (const steps of QUICK ? [200] : [2000, 10000]) {
  await recorder.measure(`W6_${steps}`, {
    note: `${steps} steps one after the other`,
    warmup: fresh,
    repeats: steps > 5000 ? 1 : 3,
    fn: async () => {
      const id = newId();
      const begin = now();
      await http("POST", "/run?poll=10", { id, params: { kind: "long", steps, id } });
      const took = now() - begin;
      const stamps = await http("GET", `/stamps/${id}`);
      return { total_ms: took, rate: (steps / took) * 1000, ...growth(stamps) };
    },
  });
}

for (const [count, aheadMs] of QUICK ? [[100, 5000]] : [[3000, 45000]]) {
  await recorder.measure(`W4_${count}`, {
    note: `${count} workflows in step.sleepUntil, due ${aheadMs / 1000} s after the first start`,
    repeats: 1,
    warmup: fresh,
    fn: async () => {
      const before = residentMib(server.pid());
      const known = (await http("GET", "/late")).n;
      const due = Date.now() + aheadMs;
      const begin = now();
      await pool(range(count), 64,
        () => http("POST", "/start", { id: newId(), params: { kind: "sleep", due } }));
      const ingest = now() - begin;
      await sleep(3000);
      const asleep = residentMib(server.pid());
      while ((await http("GET", "/late")).n - known < count && Date.now() < due + 120000) {
        await sleep(200);
      }
      const late = (await http("GET", "/lateness")).late.slice(known);
      return {
        n: count, woke: late.length, ingest_ms: ingest, ingest_rate: (count / ingest) * 1000,
        rss_before_mib: before, rss_sleeping_mib: asleep, late_ms: distribution(late),
      };
    },
  });
}

async function crash(repeat) {
  const count = QUICK ? 200 : 2000;
  const prefix = `w${process.pid}-${repeat}-`;
  const acked = [];
  let isDead = false;
  const load = pool(range(count), 64, async (i) => {
    if (isDead) return;
    try {
      await http("POST", "/start", { id: prefix + i, params: { kind: "chain", track: true } });
      acked.push(prefix + i);
    } catch {
      // killed
    }
  });
  while (acked.length < count / 2) await sleep(5);
  isDead = true;
  await down("SIGKILL");
  await load;
  const killed = now();
  const restart = await up();
  let left = acked;
  let incomplete;
  for (const end = now() + FINISH_MS; left.length && now() < end;) {
    const open = [];
    await pool(left, 32, async (id) => {
      if ((await http("GET", `/status/${id}`)).status !== "complete") open.push(id);
    });
    incomplete ??= open.length;
    left = open;
    if (left.length) await sleep(250);
  }
  return {
    n: count, acked_at_kill: acked.length, incomplete_at_restart: incomplete, lost: left.length,
    steps_run_after_restart: await http("GET", "/steps"), restart_ms: restart,
    kill_to_acked_finished_ms: now() - killed,
  };
}
await recorder.measure("W7", {
  note: "kill -9 of workerd under a load of workflows of 5 steps, 64 in flight; what was " +
    "acknowledged is asked for until it is complete",
  repeats: 2,
  warmup: fresh,
  fn: crash,
});

await stop(server.child);
if (!KEEPS_DATA) fs.rmSync(FOLDER, { recursive: true, force: true });
process.exit(0);
