// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// DBOS on a PostgreSQL of its own. The workflow runs in the application; every step is one
// committed transaction.
import fs from "node:fs";
import path from "node:path";
import { range } from "../../harness/load.mjs";
import { cpuSeconds, residentMib } from "../../harness/machine.mjs";
import { installed, node, versionOf } from "../../harness/packages.mjs";
import { askMessages, now, sleep, start, stop } from "../../harness/processes.mjs";
import { Recorder, countSteps } from "../../harness/recorder.mjs";
import { DATA, KEEPS_DATA, QUICK, seconds } from "../../harness/settings.mjs";
import { Postgres, postgresFolder } from "./postgres.mjs";

const WAKE_MS = 180000;
const FINISH_MS = 120000;

if (!postgresFolder) {
  console.log("[dbos] skipped: PostgreSQL is not installed (Debian: postgresql)");
  process.exit(0);
}
const postgres = new Postgres("dbos");
await postgres.up();
postgres.sql("postgres", "create database dbos");
const server = { pid: postgres.pid, tree: true };
const application = { pid: () => application.child?.pid, dead: 0 };
let listener = () => {};

async function up(env = {}) {
  application.child = start(node(), [installed("peers/dbos/application.mjs")], {
    log: "dbos.log", input: "messages",
    env: { POSTGRES: postgres.url("dbos"), NODE_ENV: "production", ...env },
  });
  application.call = askMessages(application.child);
  await new Promise((done, failed) => {
    application.call.onEvent((message) => (message.ready ? done() : listener(message)));
    application.child.once("exit", () => failed(new Error("the application ended")));
  });
}
async function down(signal) {
  application.dead += cpuSeconds(application.pid());
  await stop(application.child, signal);
}
const call = (operation, argument) => application.call(operation, argument);
const perStep = (result) => ({ ...result, steps_rate: result.rate * 5 });

await up();
const recorder = new Recorder("dbos", {
  version: versionOf("@dbos-inc/dbos-sdk"),
  durability: `default: ${postgres.settings()}`,
  servers: [server], clients: [application], folders: [postgres.data],
});

for (const inFlight of [1, 64, 256]) {
  await recorder.measure(inFlight === 1 ? "W1a" : `W1b_${inFlight}`, {
    note: `chain of 5 steps, ${inFlight} in flight, started in the application`,
    warmup: () => call("chain", { inFlight: Math.max(inFlight, 16), ms: seconds(2) }),
    fn: async () => perStep(await call("chain", { inFlight, ms: seconds(5) })),
  });
}
for (const width of QUICK ? [100] : [1000, 10000]) {
  await recorder.measure(`W2_${width}`, {
    note: `${width} parallel steps in one workflow`,
    warmup: () => call("fan", 100),
    fn: () => call("fan", width),
  });
}
for (const inFlight of [1, 64]) {
  await recorder.measure(`W5_${inFlight}`, {
    note: `start, send, result; ${inFlight} in flight`,
    warmup: () => call("event", { inFlight: 8, ms: seconds(1) }),
    fn: () => call("event", { inFlight, ms: seconds(4) }),
  });
}
for (const steps of QUICK ? [200] : [2000, 10000]) {
  await recorder.measure(`W6_${steps}`, {
    note: `${steps} steps one after the other`,
    repeats: steps > 5000 ? 2 : 3,
    fn: () => call("long", steps),
  });
}
for (const [count, aheadMs] of QUICK ? [[200, 4000]] : [[10000, 75000]]) {
  await recorder.measure(`W4_${count}`, {
    note: `${count} workflows in DBOS.sleep, due ${aheadMs / 1000} s after the first start`,
    repeats: 1,
    fn: async () => {
      const mib = () => [residentMib(server.pid(), true), residentMib(application.pid())];
      const before = mib();
      const due = Date.now() + aheadMs;
      const ingest = await call("sleepers", { count, due });
      const asleep = mib();
      while (Date.now() < due + WAKE_MS && (await call("late")) < count) await sleep(200);
      return {
        n: count, woke: await call("late"), ingest_ms: ingest,
        ingest_rate: (count / ingest) * 1000,
        rss_before_mib: before[0], rss_sleeping_mib: asleep[0],
        worker_rss_before_mib: before[1], worker_rss_sleeping_mib: asleep[1],
        late_ms: await call("lateness"),
      };
    },
  });
}

async function crash(repeat) {
  const steps = path.join(DATA, `dbos-steps-${repeat}.log`);
  fs.rmSync(steps, { force: true });
  await down();
  await up({ STEP_LOG: steps });
  const count = QUICK ? 300 : 3000;
  const prefix = `c${process.pid}-${repeat}-`;
  const acked = new Set();
  listener = (message) => acked.add(message.acked);
  await call("submit", { count, prefix });
  while (acked.size < count / 3) await sleep(5);
  await down("SIGKILL");
  const killed = now();
  const ids = [...acked];
  const endedAtKill = countSteps(steps).ended;
  await up({ STEP_LOG: steps });
  const restarted = now();
  const quoted = ids.map((id) => `'${id}'`).join(",");
  const successful = () => +postgres.sql("dbos", "select count(*) from dbos.workflow_status " +
    `where status = 'SUCCESS' and workflow_uuid in (${quoted})`);
  let finished = 0;
  for (const end = now() + FINISH_MS; now() < end;) {
    finished = successful();
    if (finished >= ids.length) break;
    await sleep(100);
  }
  const ackedFinished = now();
  await call("resubmit", range(count).map((i) => prefix + i).filter((id) => !acked.has(id)));
  const allFinished = now();
  const { ended, ended_twice, duplicate_steps } = countSteps(steps);
  return {
    n: count, acked_at_kill: ids.length, completed_at_kill: endedAtKill,
    lost: ids.length - finished, distinct_completed: ended, replayed_to_end_twice: ended_twice,
    duplicate_step_executions: duplicate_steps, restart_ms: restarted - killed,
    kill_to_acked_finished_ms: ackedFinished - killed,
    kill_to_all_finished_ms: allFinished - killed,
  };
}
await recorder.measure("W7", {
  note: "kill -9 of the application under a load of chains of 5, 64 in flight",
  fn: crash,
});

await stop(application.child);
await postgres.down();
if (!KEEPS_DATA) fs.rmSync(postgres.folder, { recursive: true, force: true });
process.exit(0);
