// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One runner's results: every repeat of every case, with what it cost. A repeat in which processes
// that are not measured used more than FOREIGN_SHARE of one processor is marked `disturbed` and
// done again, REPEATS_EXTRA times at most; disturbed ones count only if fewer than two clean ones
// are there.
import fs from "node:fs";
import path from "node:path";
import {
  cpuSeconds, describeMachine, deviceCounts, folderBytes, kernelThreadSeconds, machineSeconds,
  residentMib,
} from "./machine.mjs";
import { now, sleep } from "./processes.mjs";
import {
  ONLY, QUICK, QUIET_MS, REPEATS, REPEATS_EXTRA, RESULTS, commit,
} from "./settings.mjs";
import { summarize } from "./statistics.mjs";

const FOREIGN_SHARE = 0.2;
const QUIET_SHARE = 0.25;
const SAMPLE_MS = 400;
const CASE_MS = 200000; // after that no further repeat begins
const SHOWN = ["rate", "lat_ms.p50", "lat_ms.p99", "total_ms", "event_lat_ms.p50", "late_ms.p99",
  "kill_to_all_finished_ms", "cpu_server_s", "cpu_client_s", "dev_flushes", "foreign_share"];

/** Waits, at most so long, until nothing else keeps the machine busy. */
export async function quiet(ms) {
  for (const end = now() + ms; now() < end;) {
    const before = machineSeconds().busy;
    const at = now();
    await sleep(300);
    if ((machineSeconds().busy - before) / ((now() - at) / 1000) < QUIET_SHARE) return;
  }
}

export class Recorder {
  /**
   * `servers`, `clients`: [{pid: () => number, tree, dead}], whose CPU time is added up; `dead`:
   * seconds of processes that this one replaced. `folders`: the data.
   */
  constructor(name, { servers = [], clients = [], folders = [], ...info }) {
    this.name = name;
    this.file = path.join(RESULTS, `${name}.json`);
    this.servers = servers;
    this.clients = clients;
    this.folders = folders;
    this.result = { name, commit, ...info, machine: describeMachine(), cases: this.kept() };
  }

  /** The cases that this run is not asked for keep what an earlier one gave. */
  kept() {
    if (!ONLY) return {};
    try {
      return JSON.parse(fs.readFileSync(this.file, "utf8")).cases ?? {};
    } catch {
      return {};
    }
  }

  wants(name) {
    return !ONLY || ONLY.test(name);
  }

  save() {
    fs.writeFileSync(this.file, `${JSON.stringify(this.result, null, 1)}\n`);
  }

  counts() {
    const cpu = (all) =>
      all.reduce((sum, one) => sum + cpuSeconds(one.pid(), one.tree) + (one.dead ?? 0), 0);
    return {
      server: cpu(this.servers),
      client: cpu(this.clients),
      // this process, where it is not the client itself
      harness: this.clients.some((one) => one.pid() === process.pid) ? 0 : cpuSeconds(process.pid),
      machine: machineSeconds(),
      kernel: kernelThreadSeconds(),
      device: deviceCounts(),
      bytes: this.folders.reduce((sum, folder) => sum + folderBytes(folder), 0),
      at: now(),
    };
  }

  /** Runs `measured`, and adds to what it says what it cost. */
  async costs(measured) {
    const peak = { server: 0, client: 0 };
    const sample = () => {
      for (const [side, all] of [["server", this.servers], ["client", this.clients]]) {
        const sum = all.reduce((mib, one) => mib + residentMib(one.pid(), one.tree), 0);
        peak[side] = Math.max(peak[side], sum);
      }
    };
    const before = this.counts();
    const timer = setInterval(sample, SAMPLE_MS);
    let said;
    try {
      said = await measured();
    } finally {
      clearInterval(timer);
    }
    sample();
    const after = this.counts();
    const wall = (after.at - before.at) / 1000;
    const spent = (name) => after[name] - before[name];
    const busy = after.machine.busy - before.machine.busy;
    const foreign = Math.max(
      0, busy - spent("server") - spent("client") - spent("kernel") - spent("harness"));
    return {
      ...said,
      wall_s: +wall.toFixed(3),
      cpu_server_s: +spent("server").toFixed(2),
      cpu_client_s: +spent("client").toFixed(2),
      cpu_kernel_threads_s: +spent("kernel").toFixed(2),
      foreign_share: +(foreign / wall).toFixed(3),
      stolen_s: +(after.machine.stolen - before.machine.stolen).toFixed(2),
      rss_server_peak_mib: +peak.server.toFixed(1),
      rss_client_peak_mib: +peak.client.toFixed(1),
      disk_bytes_delta: spent("bytes"),
      dev_write_mib: +(after.device.writtenMib - before.device.writtenMib).toFixed(2),
      dev_flushes: after.device.flushes - before.device.flushes,
    };
  }

  /** `fn(number)`: one repeat; answers what it measured. */
  async measure(name, { note, warmup, repeats = 3, fn }) {
    if (!this.wants(name)) return;
    const result = { note, repeats: [] };
    const begin = now();
    try {
      if (warmup) await warmup();
      await this.repeat(result, repeats > 1 && REPEATS ? REPEATS : repeats, begin, fn);
    } catch (error) {
      result.error = String(error?.message || error).slice(0, 500);
    }
    const clean = result.repeats.filter((one) => !one.disturbed);
    const few = clean.length === 1 && result.repeats.length <= 2;
    const used = clean.length >= 2 || few ? clean : result.repeats;
    result.used = used.length;
    result.disturbed = result.repeats.length - clean.length;
    result.summary = summarize(used);
    this.result.cases[name] = result;
    this.save();
    const shown = SHOWN.filter((key) => result.summary[key])
      .map((key) => `${key}=${result.summary[key].median}`);
    const took = ((now() - begin) / 1000).toFixed(0);
    console.log(`[${this.name}] ${name} (${took} s): ${shown.join(" ")} ${result.error ?? ""}`);
  }

  async repeat(result, repeats, begin, fn) {
    let patience = QUIET_MS;
    let extra = repeats > 1 ? REPEATS_EXTRA : 0;
    for (let i = 0, wanted = repeats; i < wanted; i++) {
      const at = now();
      await quiet(QUICK ? 0 : Math.max(1500, patience));
      patience -= now() - at;
      const one = await this.costs(() => fn(i));
      one.disturbed = one.foreign_share > FOREIGN_SHARE || undefined;
      if (one.disturbed && extra-- > 0) wanted++;
      result.repeats.push(one);
      if (now() - begin > CASE_MS && i + 1 < wanted) {
        result.truncated = `ended after ${i + 1} repeats: over its time`;
        return;
      }
    }
  }
}

/** Lines "instance step" of a log of steps: how often did something run twice? */
export function countSteps(file) {
  const counts = new Map();
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  for (const line of text.split("\n")) if (line) counts.set(line, (counts.get(line) ?? 0) + 1);
  const found = { ended: 0, ended_twice: 0, duplicate_steps: 0 };
  for (const [line, count] of counts) {
    if (!line.endsWith(" end")) {
      found.duplicate_steps += count - 1;
      continue;
    }
    found.ended++;
    if (count > 1) found.ended_twice++;
  }
  return found;
}
