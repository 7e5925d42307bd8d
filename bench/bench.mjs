// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   ./dev bench --system | --peers [--quick] [--busy] [--only REGEX] [--runs NAME,...]
//               [--repeats COUNT]
//
// Runs every runner one after the other, then renders what they wrote. In one run, because numbers
// of two days or two machines can not be compared.
import os from "node:os";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const RUNNERS = {
  raw: ["raw/run.mjs"],
  embedded: ["perdure/run.mjs", "embedded"],
  server: ["perdure/run.mjs", "server"],
  javascript: ["perdure/run.mjs", "javascript"],
  restate: ["peers/restate/run.mjs"],
  dbos: ["peers/dbos/run.mjs"],
  workerd: ["peers/workerd/run.mjs"],
};
const PEERS = ["restate", "dbos", "workerd"];
const NEED_PACKAGES = ["javascript", ...PEERS];

const { values: options } = parseArgs({ options: {
  system: { type: "boolean" },
  peers: { type: "boolean" },
  quick: { type: "boolean" },
  only: { type: "string" },
  runs: { type: "string" }, // some of the runners
  busy: { type: "boolean" }, // do not wait until the machine is quiet
  repeats: { type: "string" },
} });
if (options.quick) process.env.BENCH_QUICK = "1";
if (options.busy) process.env.BENCH_BUSY = "1";
if (options.repeats) process.env.BENCH_REPEATS = options.repeats;
if (options.only) process.env.BENCH_ONLY = options.only;

const { install } = await import("./harness/packages.mjs");
const { RESULTS } = await import("./harness/settings.mjs");

let names = Object.keys(RUNNERS).filter((name) => options.peers || !PEERS.includes(name));
if (options.runs) names = options.runs.split(",");
const unknown = names.filter((name) => !RUNNERS[name]);
if (unknown.length) {
  console.error(`there is no runner ${unknown}; there are ${Object.keys(RUNNERS).join(", ")}`);
  process.exit(2);
}

const failed = [];
if (names.some((name) => NEED_PACKAGES.includes(name))) {
  const missing = install();
  if (missing) {
    console.error(`-- without the runners that need packages of npm: ${missing}`);
    failed.push(...names.filter((name) => NEED_PACKAGES.includes(name)));
    names = names.filter((name) => !NEED_PACKAGES.includes(name));
  }
}
for (const [at, name] of names.entries()) {
  console.log(`-- ${name} (${at + 1} of ${names.length}), ${os.loadavg()[0].toFixed(1)} load`);
  const [file, ...args] = RUNNERS[name];
  const command = [process.execPath, "--no-warnings", path.join(here, file), ...args];
  // A server may need many descriptors: workerd keeps several files open for each object.
  const raised = ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...command];
  if (spawnSync("sh", raised, { stdio: "inherit" }).status !== 0) failed.push(name);
}
const { report } = await import("./report.mjs");
report();
console.log(`-- ${path.join(RESULTS, "report.md")}`);
if (failed.length) console.error(`-- with errors: ${failed.join(", ")}`);
process.exit(failed.length ? 1 : 0);
