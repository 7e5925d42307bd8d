// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   run.mjs embedded | server | javascript
//
// The workloads, for one of the three ways to run Perdure.
import fs from "node:fs";
import path from "node:path";
import { residentMib } from "../harness/machine.mjs";
import { now, sleep } from "../harness/processes.mjs";
import { Recorder, countSteps } from "../harness/recorder.mjs";
import { KEEPS_DATA, QUICK, seconds } from "../harness/settings.mjs";
import { Embedded, JavaScript, Server } from "./subjects.mjs";

const kind = process.argv[2];
const subject = new { embedded: Embedded, server: Server, javascript: JavaScript }[kind]();
const isJavaScript = kind === "javascript";
const REPEATS = 5;
const ACK_BYTES = 8; // of each line in the file of acknowledgements
const WAKE_MS = 180000;

await subject.prepare();
const recorder = new Recorder(subject.name, {
  servers: subject.servers, clients: subject.clients, folders: [subject.folder],
  note: subject.note,
  durability: "default: one log, each group on the device before anything leaves the process",
});
const ask = (line) => subject.ask(line);
const measure = (name, more) => recorder.measure(name, { repeats: REPEATS, ...more });
const perStep = (result, steps) => ({ ...result, steps_rate: result.rate * steps });

// W1: a chain of activities
async function chains(name, inFlight, steps, program = "chain") {
  await measure(name, {
    note: `${program} of ${steps}, ${inFlight} in flight`,
    warmup: () => ask(`${program} ${Math.max(inFlight, 16)} ${seconds(2)} ${steps}`),
    fn: async () => perStep(await ask(`${program} ${inFlight} ${seconds(4)} ${steps}`), steps),
  });
}
await chains("W1a", 1, 5);
for (const inFlight of [64, 256]) await chains(`W1b_${inFlight}`, inFlight, 5);

// the same, speculatively
for (const inFlight of [1, 64, 256]) await chains(`dash_${inFlight}`, inFlight, 5, "dash");

// the cost curve
if (kind === "embedded") {
  for (const inFlight of QUICK ? [4] : [1, 4, 16, 64, 256, 1024, 4096]) {
    await chains(`curve_${inFlight}`, inFlight, 5);
  }
}

// the sequences and the bank of the Netherite paper, by two clocks
if (!isJavaScript) {
  for (const [name, program, count] of [["hello3", "chain", 3], ["sequence10", "chain", 10],
    ["sequence10_dash", "dash", 10], ["bank", "transfer", 0]]) {
    for (const inFlight of [1, 64]) {
      await measure(`${name}_${inFlight}`, {
        note: `${name}, ${inFlight} in flight; lat_ms: until the client knows, durably; ` +
          "event_lat_ms: by the engine's clock, from start to end",
        warmup: () => ask(`clocks ${program} ${Math.max(inFlight, 16)} ${seconds(1)} ${count}`),
        fn: () => ask(`clocks ${program} ${inFlight} ${seconds(3)} ${count}`),
      });
    }
  }
}

// W2: fan-out and fan-in
const widths = kind === "embedded" ? [1000, 10000, 100000] : [1000, 10000];
for (const width of QUICK ? [100] : widths) {
  await measure(`W2_${width}`, {
    note: `${width} activities at the same time in one orchestration`,
    repeats: isJavaScript && width > 1000 ? 2 : REPEATS,
    warmup: () => ask("fan 100"),
    fn: () => ask(`fan ${width}`),
  });
}

// W3: an entity that counts
if (!isJavaScript) {
  for (const [name, inFlight, keys] of [["W3_lat", 1, 1], ["W3_hot", 64, 1],
    ["W3_1000keys_64", 64, 1000], ["W3_1000keys_256", 256, 1000]]) {
    await measure(name, {
      note: `increments of ${keys === 1 ? "one counter" : "1,000 counters"}, ${inFlight} in flight`,
      warmup: () => ask(`add ${inFlight} ${seconds(1)} ${keys}`),
      fn: () => ask(`add ${inFlight} ${seconds(4)} ${keys}`),
    });
  }
}

// W5: an event from outside
for (const inFlight of [1, 64]) {
  await measure(`W5_${inFlight}`, {
    note: "start, event, end; lat_ms: all of it, event_lat_ms: from the event to the known end; " +
      `${inFlight} in flight`,
    warmup: () => ask(`event 8 ${seconds(1)}`),
    fn: () => ask(`event ${inFlight} ${seconds(4)}`),
  });
}

// W6: a long history
if (!isJavaScript) {
  // the last one has about a million events, the most that a history may have
  const lengths = kind === "embedded" ? [2000, 10000, 330000] : [2000, 10000];
  for (const steps of QUICK ? [200] : lengths) {
    await measure(`W6_${steps}`, {
      note: `${steps} activities one after the other in one orchestration`,
      repeats: steps > 10000 ? 1 : REPEATS,
      fn: () => ask(`long ${steps}`),
    });
  }
}

// W4: timers that are due at one instant
async function timers(count, aheadMs) {
  const loadPid = () => subject.load.pid();
  const serverPid = () => subject.servers[0]?.pid();
  const mib = () => ({ server: residentMib(serverPid()), load: residentMib(loadPid()) });
  const before = mib();
  const due = Date.now() + aheadMs;
  const ingest = await ask(`sleepers ${count} ${due} ${QUICK ? 16 : 128}`);
  const asleep = mib();
  while (Date.now() < due + WAKE_MS && (await ask("late")).n < count) await sleep(100);
  const { late_ms } = await ask("lateness");
  if (ingest.done !== count || late_ms.n !== count) {
    throw new Error(`${ingest.done} of ${count} started, ${late_ms.n} woke: ${ingest.last_err}`);
  }
  return {
    n: count, woke: late_ms.n, ingest_ms: ingest.elapsed_s * 1000, ingest_rate: ingest.rate,
    ingest_after_due: ingest.elapsed_s * 1000 > aheadMs ? 1 : 0,
    rss_before_mib: before.server, rss_sleeping_mib: asleep.server,
    worker_rss_before_mib: before.load, worker_rss_sleeping_mib: asleep.load, late_ms,
  };
}
if (!isJavaScript) {
  for (const [count, aheadMs] of QUICK ? [[200, 1500]] : [[10000, 10000], [100000, 40000]]) {
    await measure(`W4_${count}`, {
      note: `${count} orchestrations in a timer, due ${aheadMs / 1000} s after the first start`,
      repeats: count > 10000 ? 2 : 3,
      fn: () => timers(count, aheadMs),
    });
  }
}

// W8: far more that sleep than are awake: what they take, a crash meanwhile, and all due at once
async function scale(count, aheadMs, repeat) {
  const engine = () => residentMib((subject.servers[0] ?? subject.load).pid());
  const due = Date.now() + aheadMs;
  const ingest = await ask(`sleepers ${count} ${due} ${QUICK ? 16 : 128}`);
  if (ingest.done !== count) throw new Error(`${ingest.done} started: ${ingest.last_err}`);
  if (Date.now() > due) throw new Error("they were due before all of them slept");
  const asleep = engine();
  await subject.crash();
  const killed = now();
  await subject.up();
  await ask(`finish 1 scale-${process.pid}-${repeat} 1 1`);
  const restart_ms = now() - killed;
  const restarted = engine();
  let peak = restarted;
  while (Date.now() < due + WAKE_MS && (await ask("late")).n < count) {
    peak = Math.max(peak, engine());
    await sleep(100);
  }
  const { late_ms } = await ask("lateness");
  if (late_ms.n !== count) throw new Error(`${late_ms.n} of ${count} woke`);
  return {
    n: count, asleep_rate: ingest.rate, rss_asleep_mib: asleep, restart_ms,
    rss_restarted_mib: restarted, rss_waking_mib: peak, late_ms,
  };
}
if (!isJavaScript) {
  const many = kind === "embedded" ? 120000 : 300000;
  for (const [count, aheadMs] of QUICK ? [[200, 6000]] : [[100000, 60000], [1000000, many]]) {
    await measure(`W8_${count}`, {
      note: `${count} orchestrations in a timer, due ${aheadMs / 1000} s after the first start; ` +
        `kill -9 of ${subject.killed} while they sleep`,
      repeats: 1,
      fn: (repeat) => scale(count, aheadMs, repeat),
    });
  }
}

// W7: kill -9 under load
const sizeOf = (file) => (fs.existsSync(file) ? fs.statSync(file).size : 0);

async function crash(repeat) {
  const count = QUICK ? 300 : 6000;
  const prefix = `crash-${process.pid}-${repeat}`;
  const acks = path.join(subject.folder, `${prefix}.acks`);
  const steps = path.join(subject.folder, `${prefix}.steps`);
  await ask(`log ${steps}`);
  let refused;
  const submitted = ask(`submit ${count} ${prefix} 64 ${acks}`).catch((error) => {
    refused = error; // the program that asked was killed too
  });
  while (sizeOf(acks) < (count / 3) * ACK_BYTES && !refused) await sleep(1);
  await subject.crash();
  const killed = now();
  const ackedAtKill = Math.floor(sizeOf(acks) / ACK_BYTES);
  const endedAtKill = countSteps(steps).ended;
  await subject.up(steps);
  const restarted = now();
  await submitted;
  const acknowledged = await ask(`finished_of ${prefix} 64 ${acks}`);
  const ackedFinished = now();
  const all = await ask(`finish ${count} ${prefix} 64 1`);
  const allFinished = now();
  await ask("log /dev/null");
  if (all.done !== count) throw new Error(`${all.err} did not finish: ${all.last_err}`);
  const { ended, ended_twice, duplicate_steps } = countSteps(steps);
  return {
    n: count, acked_at_kill: ackedAtKill, completed_at_kill: endedAtKill, lost: acknowledged.err,
    distinct_completed: ended, replayed_to_end_twice: ended_twice,
    duplicate_step_executions: duplicate_steps, restart_ms: restarted - killed,
    kill_to_acked_finished_ms: ackedFinished - killed,
    kill_to_all_finished_ms: allFinished - killed,
  };
}
await measure("W7", {
  note: `kill -9 of ${subject.killed} under a load of chains of 5, 64 in flight; what was not ` +
    "acknowledged is sent again",
  fn: crash,
});

await subject.down();
if (!KEEPS_DATA) fs.rmSync(subject.folder, { recursive: true, force: true });
const wrong = Object.entries(recorder.result.cases).filter(([, one]) => one.error);
for (const [name, one] of wrong) console.error(`[${subject.name}] ${name}: ${one.error}`);
process.exit(wrong.length ? 1 : 0);
