// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the runners wrote, as tables (report.md) and the cost curve as a picture (curve.svg).
import fs from "node:fs";
import path from "node:path";
import { goals } from "./goals.mjs";
import { plot } from "./plot.mjs";
import { RESULTS } from "./harness/settings.mjs";
import { BOUNDS_MS, median } from "./harness/statistics.mjs";

const EMBEDDED = "Perdure, embedded";
const TITLES = {
  "perdure-embedded": EMBEDDED,
  "perdure-server": "Perdure, server and C++ worker",
  "perdure-javascript": "Perdure, server and JavaScript SDK",
  restate: "Restate",
  dbos: "DBOS on PostgreSQL",
  workerd: "workerd",
};
/** A row of a table: whose result, the suffix of its cases, and what it is called. */
const ROWS = [
  ["perdure-embedded", ""], ["perdure-server", ""], ["perdure-javascript", ""],
  ["restate", "_run", "Restate, steps in the handler"],
  ["restate", "_call", "Restate, service calls"],
  ["dbos", ""], ["workerd", ""],
];

export function loadResults(folder = RESULTS) {
  const results = {};
  for (const name of ["raw", ...Object.keys(TITLES)]) {
    const file = path.join(folder, `${name}.json`);
    if (fs.existsSync(file)) results[name] = JSON.parse(fs.readFileSync(file, "utf8"));
  }
  return results;
}

export function shown(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return String(+value.toFixed(3));
}

export class Results {
  constructor(results) {
    this.results = results;
  }
  case(who, name) {
    return this.results[who]?.cases?.[name];
  }
  value(who, name, key) {
    this.sawDisturbed ||= this.isDisturbed(this.case(who, name));
    return this.case(who, name)?.summary?.[key]?.median;
  }
  /** Only repeats that other processes disturbed are there, or too few others. */
  isDisturbed(one) {
    return Boolean(one?.disturbed) && one.used === one.repeats.length;
  }
  /** The median over the repeats of what one operation cost. */
  each(who, name, key, of = "done") {
    const one = this.case(who, name);
    if (!one) return undefined;
    this.sawDisturbed ||= this.isDisturbed(one);
    const used = one.repeats.filter((repeat) => !repeat.disturbed);
    const all = used.length === one.used ? used : one.repeats;
    return median(all.map((repeat) => repeat[key] / repeat[of])) ?? undefined;
  }
  /** With a mark if disturbed repeats count, or the case failed. */
  text(who, name, key) {
    const one = this.case(who, name);
    if (!one) return "–";
    if (one.error) return "failed";
    return shown(this.value(who, name, key)) + (this.isDisturbed(one) ? " †" : "");
  }
}

function table(head, rows) {
  if (!rows.length) return "Not measured in this run.\n";
  const lines = [head, head.map((_, i) => (i ? "---:" : "---")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

/** Rows for those who have one of the cases. */
function compared(results, rows, columns) {
  return rows.filter((row) => columns.some((column) => column.has(results, row)))
    .map(([who, suffix, title]) =>
      [title ?? TITLES[who], ...columns.map((column) => column.text(results, who, suffix))]);
}
const column = (name, key) => ({
  has: (results, [who, suffix]) => results.case(who, name(suffix)),
  text: (results, who, suffix) => results.text(who, name(suffix), key),
});
const cost = (name, key, scale) => ({
  has: (results, [who, suffix]) => results.case(who, name(suffix)),
  text: (results, who, suffix) => shown(results.each(who, name(suffix), key) * scale),
});

function chains(results) {
  const one = (suffix) => `W1a${suffix}`;
  const many = (inFlight) => (suffix) => `W1b${suffix}_${inFlight}`;
  const head = ["chain of 5", "p50 ms, 1 in flight", "p99 ms", "a second, 64 in flight",
    "p50 ms", "p99 ms", "a second, 256 in flight", "p99 ms"];
  const speed = compared(results, ROWS, [
    column(one, "lat_ms.p50"), column(one, "lat_ms.p99"), column(many(64), "rate"),
    column(many(64), "lat_ms.p50"), column(many(64), "lat_ms.p99"), column(many(256), "rate"),
    column(many(256), "lat_ms.p99")]);
  const costHead = ["cost of one, 64 in flight", "server CPU ms", "worker and client CPU ms",
    "device KiB", "flushes", "server MiB", "worker and client MiB"];
  const costs = compared(results, ROWS, [
    cost(many(64), "cpu_server_s", 1000), cost(many(64), "cpu_client_s", 1000),
    cost(many(64), "dev_write_mib", 1024),
    cost(many(64), "dev_flushes", 1), column(many(64), "rss_server_peak_mib"),
    column(many(64), "rss_client_peak_mib")]);
  return `## W1 A chain of five activities\n\n${table(head, speed)}\n${table(costHead, costs)}`;
}

function fanOuts(results) {
  const name = (width) => (suffix) => `W2${suffix}_${width}`;
  const rows = ROWS.map(([who, suffix, title]) =>
    [who, { _run: "_fanRun", _call: "_fanCall" }[suffix] ?? suffix, title]);
  return "## W2 Fan-out and fan-in\n\n" + table(
    ["activities at the same time", "1,000: ms", "10,000: ms", "100,000: ms"],
    compared(results, rows, [1000, 10000, 100000].map((width) =>
      column(name(width), "total_ms"))));
}

/** Peers have one row from here on. */
const SINGLE = ROWS.filter(([, suffix]) => suffix !== "_call").map(([who]) => [who, ""]);

function counters(results) {
  const of = (name) => () => name;
  return "## W3 Entities: increments of counters\n\n" + table(
    ["", "p50 ms, 1 in flight", "one key: a second, 64 in flight", "1,000 keys: 64",
      "1,000 keys: 256", "server CPU ms (1,000 keys, 64)"],
    compared(results, SINGLE, [
      column(of("W3_lat"), "lat_ms.p50"), column(of("W3_hot"), "rate"),
      column(of("W3_1000keys_64"), "rate"), column(of("W3_1000keys_256"), "rate"),
      cost(of("W3_1000keys_64"), "cpu_server_s", 1000)]));
}

/** A row for each case whose name begins so; its title is what follows in the name. */
function casesLike(results, prefix, cells) {
  const rows = [];
  for (const who of Object.keys(TITLES)) {
    for (const name of Object.keys(results.results[who]?.cases ?? {})) {
      if (!name.startsWith(prefix)) continue;
      const rest = name.slice(prefix.length).replaceAll("_", " ");
      rows.push([TITLES[who] + (rest && `: ${rest}`),
        ...cells.map((key) => results.text(who, name, key))]);
    }
  }
  return rows;
}

function timers(results) {
  return "## W4 Timers, all due at one instant\n\n" + table(
    ["", "started a second", "late, p50 ms", "p99 ms", "max ms", "server MiB asleep",
      "worker MiB asleep"],
    casesLike(results, "W4_", ["ingest_rate", "late_ms.p50", "late_ms.p99", "late_ms.max",
      "rss_sleeping_mib", "worker_rss_sleeping_mib"]));
}

function sleepers(results) {
  return "## W8 Sleepers, a crash meanwhile, all due at one instant\n\n" + table(
    ["", "asleep a second", "engine's process MiB, asleep", "crash to serving, ms",
      "MiB after it", "MiB while they wake", "late, p50 ms", "p99 ms", "max ms"],
    casesLike(results, "W8_", ["asleep_rate", "rss_asleep_mib", "restart_ms", "rss_restarted_mib",
      "rss_waking_mib", "late_ms.p50", "late_ms.p99", "late_ms.max"]));
}

function events(results) {
  const of = (name) => () => name;
  return "## W5 An event from outside\n\n" + table(
    ["", "start to end, p50 ms", "event to end, p50 ms", "p99 ms", "a second, 64 in flight"],
    compared(results, SINGLE, [
      column(of("W5_1"), "lat_ms.p50"), column(of("W5_1"), "event_lat_ms.p50"),
      column(of("W5_1"), "event_lat_ms.p99"), column(of("W5_64"), "rate")]));
}

function longHistories(results) {
  return "## W6 A long history\n\n" + table(
    ["activities one after the other", "total ms", "a second", "first 100: ms each",
      "last 100: ms each"],
    casesLike(results, "W6_", ["total_ms", "rate", "first100_ms", "last100_ms"]));
}

function crashes(results) {
  return "## W7 kill -9 under load\n\n" + table(
    ["", "acknowledged when killed", "lost", "steps run twice", "restart ms",
      "acknowledged all done: ms", "whole load done: ms"],
    casesLike(results, "W7", ["acked_at_kill", "lost", "duplicate_step_executions", "restart_ms",
      "kill_to_acked_finished_ms", "kill_to_all_finished_ms"]));
}

const CURVE = [1, 4, 16, 64, 256, 1024, 4096];

function curve(results) {
  const keys = ["lat_ms.p50", "lat_ms.p90", "lat_ms.p99", "lat_ms.p999", "lat_ms.max"];
  const who = "perdure-embedded";
  const rows = CURVE.filter((k) => results.case(who, `curve_${k}`)).map((k) =>
    [k, results.text(who, `curve_${k}`, "rate"),
      ...keys.map((key) => results.text(who, `curve_${k}`, key)),
      shown(results.each(who, `curve_${k}`, "cpu_client_s") * 1000)]);
  return `## Cost curve: chains of 5, ${EMBEDDED}\n\n` + table(
    ["in flight", "a second", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "CPU ms each"],
    rows);
}

function sequences(results) {
  const cells = ["rate", "lat_ms.p50", "lat_ms.p99", "event_lat_ms.p50", "event_lat_ms.p99"];
  const programs = [["Hello3", "hello3"], ["Sequence10", "sequence10"],
    ["Sequence10, speculative", "sequence10_dash"], ["Bank", "bank"]];
  const rows = ["perdure-embedded", "perdure-server"].flatMap((who) =>
    programs.flatMap(([title, name]) => [1, 64].map((inFlight) => [title, name, inFlight]))
      .filter(([, name, inFlight]) => results.case(who, `${name}_${inFlight}`))
      .map(([title, name, inFlight]) => [`${title}, ${TITLES[who]}, ${inFlight} in flight`,
        ...cells.map((key) => results.text(who, `${name}_${inFlight}`, key))]));
  return "## Sequences and the bank, by two clocks\n\n" +
    "Durable: until the client knows. Engine: from the start to the end that the engine recorded," +
    " which may not be durable yet.\n\n" + table(["", "a second", "durable: p50 ms", "p99 ms",
      "engine: p50 ms", "p99 ms"], rows);
}

/** Of all repeats together, in per cent; of those who measured the case. */
function histograms(results) {
  const rows = ROWS.flatMap(([who, suffix, title]) =>
    [["W1a", 1], ["W1b", 64], ["W1b", 256]].flatMap(([workload, inFlight]) => {
      const name = `${workload}${suffix}${inFlight > 1 ? `_${inFlight}` : ""}`;
      const all = (results.case(who, name)?.repeats ?? []).map((one) => one.lat_ms?.buckets);
      if (!all.length || all.some((counts) => !counts)) return [];
      const sums = all[0].map((_, i) => all.reduce((sum, counts) => sum + counts[i], 0));
      const total = sums.reduce((a, b) => a + b, 0);
      const share = (sum) => (sum ? shown((sum / total) * 100) : "");
      return [[`${title ?? TITLES[who]}, ${inFlight}`, ...sums.map(share)]];
    }));
  const heads = [...BOUNDS_MS.map((bound) => `<= ${bound} ms`), "above"];
  return "## Latency of a chain of 5: how many per cent\n\n" +
    table(["in flight", ...heads], rows);
}

function speculation(results) {
  const rows = ["perdure-embedded", "perdure-server", "perdure-javascript"]
    .flatMap((who) => [1, 64, 256].map((inFlight) => [who, `dash_${inFlight}`, inFlight]))
    .filter(([who, name]) => results.case(who, name))
    .map(([who, name, inFlight]) => [`${TITLES[who]}, ${inFlight} in flight`,
      ...["rate", "lat_ms.p50", "lat_ms.p99"].map((key) => results.text(who, name, key)),
      shown(results.each(who, name, "dev_flushes"))]);
  return "## Speculation: chains of five activities declared safe to repeat\n\n" +
    table(["", "a second", "p50 ms", "p99 ms", "flushes each"], rows);
}

function baselines(results) {
  const rows = Object.keys(results.results.raw?.cases ?? {}).map((name) =>
    [name, ...["rate", "lat_us.p50", "lat_us.p99"].map((key) => results.text("raw", name, key))]);
  return `## Baselines\n\n${table(["", "a second", "p50 us", "p99 us"], rows)}`;
}

function ratios(results) {
  const rows = [];
  for (const [who, suffix, title] of ROWS.filter(([name]) => !name.startsWith("perdure"))) {
    const against = (ours, name, theirs, key, inverse) => {
      const ratio = results.value(ours, name, key) / results.value(who, theirs, key);
      return Number.isFinite(ratio) ? `${shown(inverse ? 1 / ratio : ratio)} x` : "–";
    };
    const cells = ["perdure-embedded", "perdure-server", "perdure-javascript"].flatMap((ours) => [
      against(ours, "W1a", `W1a${suffix}`, "lat_ms.p50", true),
      against(ours, "W1b_64", `W1b${suffix}_64`, "rate"),
      against(ours, "W1b_256", `W1b${suffix}_256`, "rate")]);
    if (cells.some((cell) => cell !== "–")) rows.push([title ?? TITLES[who], ...cells]);
  }
  const heads = ["embedded", "server", "JavaScript"]
    .flatMap((kind) => [`${kind}: p50`, `${kind}: 64`, `${kind}: 256`]);
  return "## How many times faster\n\nChain of 5: latency with one in flight, then chains a " +
    `second with 64 and 256 in flight.\n\n${table(["than", ...heads], rows)}`;
}

function head(results) {
  const [any] = Object.values(results.results);
  const { machine, commit } = any;
  const versions = Object.entries(results.results).filter(([who]) => TITLES[who])
    .map(([who, { version, durability }]) =>
      `- ${TITLES[who]}${version ? ` (${version})` : ""}: ${durability}`);
  return `# Measured\n\nCommit ${commit}; ${machine.cores} x ${machine.cpu}, ` +
    `${machine.memory_gib} GiB, ${machine.os}, data on ${machine.file_system}; ` +
    `${machine.date.slice(0, 10)}. Server, worker and client share the processors. Medians; † = ` +
    "other processes used more than a fifth of a processor meanwhile." +
    `\n\n${versions.join("\n")}\n`;
}

function goalTable(results) {
  const rows = goals(results).map(({ measure, goal, value, unit, isMet, isDisturbed }) => {
    if (value === undefined) return [measure, goal, "not measured", "–"];
    const mark = isDisturbed ? " †" : "";
    return [measure, goal, shown(value) + unit + mark, (isMet ? "yes" : "no") + mark];
  });
  return `## Goals\n\n${table(["measure", "goal", "measured", "met"], rows)}`;
}

export function report(folder = RESULTS) {
  const results = new Results(loadResults(folder));
  if (!Object.keys(results.results).length) return;
  const sections = [head, goalTable, ratios, chains, curve, histograms, speculation,
    sequences, fanOuts, counters, timers, events, longHistories, crashes, sleepers, baselines];
  fs.writeFileSync(path.join(folder, "report.md"),
    sections.map((section) => section(results)).join("\n"));
  const points = CURVE.map((inFlight) => ({
    inFlight,
    rate: results.value("perdure-embedded", `curve_${inFlight}`, "rate"),
    p50: results.value("perdure-embedded", `curve_${inFlight}`, "lat_ms.p50"),
  })).filter(({ rate }) => rate);
  fs.writeFileSync(path.join(folder, "curve.svg"), plot(points));
}

if (process.argv[1] === new URL(import.meta.url).pathname) report();
