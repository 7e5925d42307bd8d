// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The floor and the ceiling: what this disk gives without an engine, what RocksDB's group commit
// makes of it, and what a bare loop over a synced log reaches.
import fs from "node:fs";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { cpuSeconds, describeMachine, deviceCounts, kernelThreadSeconds, machineSeconds }
  from "../harness/machine.mjs";
import { now } from "../harness/processes.mjs";
import { quiet } from "../harness/recorder.mjs";
import { DATA, ONLY, QUICK, QUIET_MS, REPEATS, REPEATS_EXTRA, RESULTS, commit, program }
  from "../harness/settings.mjs";
import { summarize } from "../harness/statistics.mjs";

const FOREIGN_SHARE = 0.2;
const WANTED = REPEATS ?? 5;
const SECONDS = QUICK ? "0.1" : "2";

const result = { name: "raw", commit, machine: describeMachine(), cases: {} };
const cases = new Map();

function costs() {
  return {
    busy: machineSeconds().busy - kernelThreadSeconds() - cpuSeconds(process.pid, true),
    device: deviceCounts(), at: now(),
  };
}

async function once(name, args) {
  await quiet(QUIET_MS);
  const before = costs();
  const ran = spawnSync(program(`bench/programs/raw_${name}`), args, { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`raw_${name}: ${ran.error?.message ?? ran.stderr}`);
  const after = costs();
  const foreign = Math.max(0, after.busy - before.busy) / ((after.at - before.at) / 1000);
  const disturbed = foreign > FOREIGN_SHARE || undefined;
  for (const line of ran.stdout.split("\n").filter(Boolean)) {
    const { name: title, ...said } = JSON.parse(line);
    if (!cases.has(title)) cases.set(title, []);
    cases.get(title).push({ ...said, foreign_share: +foreign.toFixed(3), disturbed });
  }
  return disturbed;
}

function save() {
  for (const [title, repeats] of cases) {
    const clean = repeats.filter((one) => !one.disturbed);
    const used = clean.length >= 2 || clean.length === repeats.length ? clean : repeats;
    result.cases[title] = {
      repeats, used: used.length, disturbed: repeats.length - clean.length,
      summary: summarize(used),
    };
  }
  fs.writeFileSync(path.join(RESULTS, "raw.json"), `${JSON.stringify(result, null, 1)}\n`);
}

const where = path.join(DATA, "raw");
fs.rmSync(where, { recursive: true, force: true });
let status = 0;
for (const name of ["disk", "prototype", "rocksdb"]) {
  if (ONLY && !ONLY.test(`raw_${name}`)) continue;
  try {
    for (let i = 0, wanted = WANTED, extra = REPEATS_EXTRA; i < wanted; i++) {
      if ((await once(name, [where, SECONDS])) && extra-- > 0) wanted++;
    }
  } catch (error) {
    console.error(error.message);
    status = 1;
  }
  save();
}
for (const [title, { summary }] of Object.entries(result.cases)) {
  console.log(`[raw] ${title}: ${summary.rate.median}/s p50 ${summary["lat_us.p50"].median} us`);
}
process.exit(status);
