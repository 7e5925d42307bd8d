// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What processes and the machine used, from /proc.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { DATA } from "./settings.mjs";

const TICKS_PER_SECOND = 100;
const MIB = 1048576;

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null; // of a process that ended
  }
}

function statOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
  return { parent: +fields[1], own: user + system, children: childrenUser + childrenSystem };
}

const processes = () => fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

function descendants(root) {
  const children = new Map();
  for (const pid of processes()) {
    const stat = statOf(pid);
    if (!stat) continue;
    if (!children.has(stat.parent)) children.set(stat.parent, []);
    children.get(stat.parent).push(pid);
  }
  const found = [];
  for (const left = [root]; left.length;) {
    const pid = left.pop();
    found.push(pid);
    left.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** CPU seconds of a process; `tree`: with all that descend from it, also those that ended. */
export function cpuSeconds(pid, tree = false) {
  if (!pid) return 0;
  let ticks = 0;
  for (const one of tree ? descendants(pid) : [pid]) {
    const stat = statOf(one);
    if (stat) ticks += stat.own + (tree ? stat.children : 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident MiB; of a tree the proportional share, so that shared pages count once. */
export function residentMib(pid, tree = false) {
  if (!pid) return 0;
  if (!tree) return +(read(`/proc/${pid}/status`)?.match(/VmRSS:\s+(\d+)/)?.[1] ?? 0) / 1024;
  let kib = 0;
  for (const one of descendants(pid)) {
    kib += +(read(`/proc/${one}/smaps_rollup`)?.match(/Pss:\s+(\d+)/)?.[1] ?? 0);
  }
  return kib / 1024;
}

/** Seconds that the processors worked, and that the host took from them. */
export function machineSeconds() {
  const fields = read("/proc/stat").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  const [user, nice, system, , , , , stolen] = fields;
  return {
    busy: (user + nice + system) / TICKS_PER_SECOND,
    stolen: stolen / TICKS_PER_SECOND,
  };
}

/** CPU seconds of the kernel's own threads: they work for whoever writes. */
export function kernelThreadSeconds() {
  const ofKernel = (pid, stat) => pid === 2 || stat?.parent === 2;
  let ticks = 0;
  for (const pid of processes()) {
    const stat = statOf(pid);
    if (ofKernel(pid, stat)) ticks += stat.own;
  }
  return ticks / TICKS_PER_SECOND;
}

/** The whole disk below the file system that holds the data. */
const disk = (() => {
  try {
    const source = execFileSync("findmnt", ["-no", "SOURCE", "-T", DATA]).toString().trim();
    const name = fs.realpathSync(source.replace(/\[.*/, "")).split("/").pop();
    const parent = path.basename(path.dirname(fs.realpathSync(`/sys/class/block/${name}`)));
    return parent === "block" ? name : parent; // of a partition
  } catch {
    return null; // overlay and the like: not counted
  }
})();

/** What reached the device: MiB written, and flushes of its cache. */
export function deviceCounts() {
  const row = read("/proc/diskstats").split("\n").map((line) => line.trim().split(/\s+/))
    .find((fields) => disk && fields[2] === disk);
  if (!row) return { writtenMib: 0, flushes: 0 };
  return { writtenMib: (+row[9] * 512) / MIB, flushes: +(row[18] ?? 0) };
}

export function folderBytes(folder) {
  try {
    const options = { stdio: ["ignore", "pipe", "ignore"] };
    return +execFileSync("du", ["-sb", folder], options).toString().split("\t")[0];
  } catch (error) { // a file went away meanwhile; the sum is there all the same
    return +(error.stdout?.toString().split("\t")[0] ?? 0) || 0;
  }
}

export function describeMachine() {
  const info = read("/proc/cpuinfo");
  let fileSystem = "";
  try {
    fileSystem = execFileSync("findmnt", ["-no", "FSTYPE", "-T", DATA]).toString().trim();
  } catch {
    // not known
  }
  return {
    cpu: info.match(/model name\s*:\s*(.*)/)?.[1],
    cores: os.cpus().length,
    memory_gib: +(os.totalmem() / 2 ** 30).toFixed(1),
    kernel: os.release(),
    os: read("/etc/os-release")?.match(/PRETTY_NAME="(.*)"/)?.[1],
    file_system: fileSystem,
    date: new Date().toISOString(),
  };
}
