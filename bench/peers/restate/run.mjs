// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Restate: one node, default settings. Only addresses, folders and telemetry differ.
import fs from "node:fs";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { closedLoop, httpClient, pool, range, waitHttp } from "../../harness/load.mjs";
import { residentMib, cpuSeconds } from "../../harness/machine.mjs";
import { installed, node, packageFile, versionOf } from "../../harness/packages.mjs";
import { now, sleep, start, stop } from "../../harness/processes.mjs";
import { Recorder, countSteps } from "../../harness/recorder.mjs";
import { DATA, KEEPS_DATA, QUICK, seconds } from "../../harness/settings.mjs";
import { distribution, growth } from "../../harness/statistics.mjs";
import { measureCounters } from "../counters.mjs";

const HOST = "127.0.0.1";
const PORTS = { ingress: 28080, admin: 29070, node: 25122, service: 29080, control: 29081 };
const BINARY = packageFile("@restatedev", "restate-server-linux-x64", "bin", "restate-server");
const FOLDER = path.join(DATA, "restate");
const CONFIG = path.join(FOLDER, "restate.toml");
const WAKE_MS = 180000;
const RETRIES_MAX = 600;

fs.rmSync(FOLDER, { recursive: true, force: true });
fs.mkdirSync(FOLDER, { recursive: true });
fs.writeFileSync(CONFIG, `bind-ip = "${HOST}"
bind-port = ${PORTS.node}
advertised-host = "${HOST}"
listen-mode = "tcp"
node-name = "bench"
base-dir = "${FOLDER}/data"
disable-telemetry = true
log-filter = "warn"
[admin]
bind-address = "${HOST}:${PORTS.admin}"
[ingress]
bind-address = "${HOST}:${PORTS.ingress}"
`);

const server = { pid: () => server.child?.pid, dead: 0 };
const service = { pid: () => service.child?.pid };
async function up() {
  server.child = start(BINARY, ["-c", CONFIG, "--no-logo"], { log: "restate.log", cwd: FOLDER });
  await waitHttp(`http://${HOST}:${PORTS.admin}/health`);
  await waitHttp(`http://${HOST}:${PORTS.ingress}/restate/health`);
}
async function kill() {
  server.dead += cpuSeconds(server.pid());
  await stop(server.child, "SIGKILL");
}

await up();
service.child = start(node(), [installed("peers/restate/service.mjs")], {
  log: "restate-service.log",
  env: { SERVICE_PORT: PORTS.service, CONTROL_PORT: PORTS.control, NODE_ENV: "production" },
});
await waitHttp(`http://${HOST}:${PORTS.control}/`);
const admin = httpClient(HOST, PORTS.admin);
const ingress = httpClient(HOST, PORTS.ingress);
const control = httpClient(HOST, PORTS.control);
await admin("POST", "/deployments", { uri: `http://${HOST}:${PORTS.service}` });

const settings = execFileSync(BINARY, ["-c", CONFIG, "--dump-config"]).toString().split("\n");
const recorder = new Recorder("restate", {
  version: execFileSync(BINARY, ["--version"]).toString().trim(),
  sdk: versionOf("@restatedev/restate-sdk"),
  durability: "default: the log server syncs its write-ahead log " +
    `(${settings.filter((line) => /wal-fsync|default-replication/.test(line)).join("; ")})`,
  servers: [server], clients: [service, { pid: () => process.pid }],
  folders: [path.join(FOLDER, "data")],
});
const call = (to, body, headers) => ingress("POST", to, body, headers);
const perStep = (result) => ({ ...result, steps_rate: result.rate * 5 });

for (const [handler, what] of [["run", "ctx.run"], ["call", "service calls"]]) {
  const one = () => call(`/Chain/${handler}`, "");
  await recorder.measure(`W1a_${handler}`, {
    note: `chain of 5, ${what}, 1 in flight`,
    warmup: () => closedLoop(16, seconds(3), one),
    fn: async () => perStep(await closedLoop(1, seconds(4), one)),
  });
  for (const inFlight of [64, 256]) {
    await recorder.measure(`W1b_${handler}_${inFlight}`, {
      note: `chain of 5, ${what}, ${inFlight} in flight`,
      warmup: () => closedLoop(inFlight, seconds(2), one),
      fn: async () => perStep(await closedLoop(inFlight, seconds(5), one)),
    });
  }
}

for (const [handler, what] of [["fanRun", "ctx.run"], ["fanCall", "service calls"]]) {
  for (const width of QUICK ? [100] : [1000, 10000]) {
    await recorder.measure(`W2_${handler}_${width}`, {
      note: `${width} parallel ${what}`,
      repeats: width > 1000 ? 1 : 3,
      warmup: () => call(`/Chain/${handler}`, 100),
      fn: async () => {
        const begin = now();
        const sum = await call(`/Chain/${handler}`, width);
        if (sum !== (width * (width - 1)) / 2) throw new Error(`the sum is ${sum}`);
        const took = now() - begin;
        return { total_ms: took, rate: (width / took) * 1000 };
      },
    });
  }
}

await measureCounters(recorder, (name) => call(`/Counter/${name}/add`, 1));

let waiters = 0;
async function event(latencies) {
  const id = `e${process.pid}-${waiters++}`;
  await call(`/Waiter/${id}/run/send`, "");
  const begin = now();
  await call(`/Waiter/${id}/go`, "x");
  const value = await ingress("GET", `/restate/workflow/Waiter/${id}/attach`);
  if (value !== "x") throw new Error("another event arrived");
  latencies?.push(now() - begin);
}
for (const inFlight of [1, 64]) {
  await recorder.measure(`W5_${inFlight}`, {
    note: `start a workflow, resolve its promise, attach; ${inFlight} in flight`,
    warmup: () => closedLoop(8, seconds(1), () => event()),
    fn: async () => {
      const latencies = [];
      const result = await closedLoop(inFlight, seconds(4), () => event(latencies));
      return { ...result, event_lat_ms: distribution(latencies) };
    },
  });
}

for (const steps of QUICK ? [200] : [2000, 10000]) {
  await recorder.measure(`W6_${steps}`, {
    note: `${steps} times ctx.run one after the other in one invocation`,
    repeats: steps > 5000 ? 2 : 3,
    fn: async (repeat) => {
      const id = `l${steps}-${repeat}-${process.pid}`;
      const begin = now();
      await call("/Chain/long", { id, steps });
      const took = now() - begin;
      const stamps = await control("GET", `/stamps?id=${id}`);
      return { total_ms: took, rate: (steps / took) * 1000, ...growth(stamps) };
    },
  });
}

async function timers(handler, count, aheadMs) {
  await control("GET", "/forget");
  const mib = () => [residentMib(server.pid()), residentMib(service.pid())];
  const before = mib();
  const begin = now();
  const due = Date.now() + aheadMs;
  await pool(range(count), 128, () => (handler === "sleepUntil"
    ? call("/Chain/sleepUntil/send", due)
    : call(`/Chain/delayed/send?delay=${Math.max(1, due - Date.now())}ms`, due)));
  const ingest = now() - begin;
  await sleep(Math.min(15000, Math.max(1000, due - Date.now() - 5000)));
  const asleep = mib();
  while (Date.now() < due + WAKE_MS && (await control("GET", "/late")).n < count) await sleep(200);
  const { late } = await control("GET", "/lateness");
  return {
    n: count, woke: late.length, ingest_ms: ingest, ingest_rate: (count / ingest) * 1000,
    rss_before_mib: before[0], rss_sleeping_mib: asleep[0],
    worker_rss_before_mib: before[1], worker_rss_sleeping_mib: asleep[1],
    late_ms: distribution(late),
  };
}
for (const [handler, count, aheadMs] of QUICK
  ? [["sleepUntil", 200, 5000]]
  : [["delayed", 10000, 30000], ["sleepUntil", 10000, 45000], ["delayed", 100000, 60000]]) {
  await recorder.measure(`W4_${handler}_${count}`, {
    note: `${count} ${handler === "delayed" ? "delayed sends" : "handlers in ctx.sleep"}, due ` +
      `${aheadMs / 1000} s after the first start`,
    repeats: 1,
    fn: () => timers(handler, count, aheadMs),
  });
}

async function attached(client, id) {
  for (let i = 0; ; i++) {
    try {
      return await client("GET", `/restate/invocation/Chain/run/${id}/attach`);
    } catch (error) {
      if (i === RETRIES_MAX) throw error;
      await sleep(50);
    }
  }
}
async function crash(repeat) {
  const count = QUICK ? 300 : 6000;
  const prefix = `c${process.pid}-${repeat}-`;
  const steps = path.join(FOLDER, `steps-${repeat}.log`);
  await control("GET", `/log?file=${encodeURIComponent(steps)}`);
  const client = httpClient(HOST, PORTS.ingress);
  const acked = new Set();
  let isUp = true;
  let resume;
  const back = new Promise((done) => {
    resume = done;
  });
  const load = pool(range(count), 64, async (i) => {
    for (;;) {
      try {
        await client("POST", "/Chain/run/send", prefix + i, { "idempotency-key": prefix + i });
        acked.add(i);
        return;
      } catch {
        await (isUp ? sleep(20) : back);
      }
    }
  });
  while (acked.size < count / 3) await sleep(5);
  const ackedAtKill = acked.size;
  isUp = false;
  await kill();
  const killed = now();
  const endedAtKill = countSteps(steps).ended;
  await up();
  const restarted = now();
  isUp = true;
  resume();
  await load;
  let right = 0;
  await pool([...acked], 64, async (i) => {
    const greetings = await attached(client, prefix + i);
    if (Array.isArray(greetings) && greetings.length === 5) right++;
  });
  const finished = now();
  await control("GET", "/log");
  client.close();
  const { ended, ended_twice, duplicate_steps } = countSteps(steps);
  return {
    n: count, acked_at_kill: ackedAtKill, completed_at_kill: endedAtKill,
    lost: acked.size - right, distinct_completed: ended, replayed_to_end_twice: ended_twice,
    duplicate_step_executions: duplicate_steps, restart_ms: restarted - killed,
    kill_to_all_finished_ms: finished - killed,
  };
}
await recorder.measure("W7", {
  note: "kill -9 of restate-server under a load of chains of 5, 64 in flight; sends carry an " +
    "idempotency key and are sent again",
  fn: crash,
});

await stop(service.child);
await stop(server.child);
if (!KEEPS_DATA) fs.rmSync(FOLDER, { recursive: true, force: true });
process.exit(0);
