// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a run was told, by the environment, so that every runner of it reads the same. `bench.mjs`
// sets it from its options.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const BENCH = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const SOURCE = path.dirname(BENCH);

/** The build whose programs are measured. */
export const BUILD = path.resolve(process.env.BENCH_BUILD || path.join(SOURCE, "build/release"));
/** One file for each runner, results of every repeat. */
export const RESULTS = path.resolve(
  process.env.BENCH_RESULTS || path.join(SOURCE, "build/bench/system"),
);
/** Data of what is measured: on the disk that is meant, never on tmpfs. */
export const DATA = path.resolve(process.env.BENCH_DATA || path.join(SOURCE, "build/bench/data"));
/** Where the packages of npm are. */
export const PACKAGES = path.resolve(
  process.env.BENCH_PACKAGES || path.join(SOURCE, "build/bench/peers"),
);

/** One short repeat of each case: does it work? Its numbers mean nothing. */
export const QUICK = process.env.BENCH_QUICK === "1";
export const ONLY = process.env.BENCH_ONLY ? new RegExp(process.env.BENCH_ONLY) : null;
/** Other processes work on this machine and will go on: it is not waited for that they end. */
const BUSY = process.env.BENCH_BUSY === "1";
/** How long the machine may take to become quiet before each case. */
export const QUIET_MS = QUICK || BUSY ? 0 : 20000;
/** Repeats that other processes disturbed are done again, so often at most. */
export const REPEATS_EXTRA = QUICK || BUSY ? 0 : 2;
/** Of every case that is worth more than one; nothing: as each case says. */
export const REPEATS = QUICK ? 1 : +process.env.BENCH_REPEATS || undefined;
export const KEEPS_DATA = process.env.BENCH_KEEP === "1";

/** Programs that this process starts read the same. */
Object.assign(process.env, {
  BENCH_BUILD: BUILD, BENCH_RESULTS: RESULTS, BENCH_DATA: DATA, BENCH_PACKAGES: PACKAGES,
});

export const seconds = (count) => (QUICK ? Math.min(count, 0.15) : count) * 1000;
export const program = (name) => path.join(BUILD, name);
export const commit = process.env.BENCH_COMMIT || "unknown";

fs.mkdirSync(DATA, { recursive: true });
fs.mkdirSync(RESULTS, { recursive: true });
