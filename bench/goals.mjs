// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is to be reached, each as a ratio within one run. Without a `value` it was not measured.

const FLOOR = "fdatasync, overwritten file";
const EMBEDDED = "perdure-embedded";
const SERVER = "perdure-server";
const JAVASCRIPT = "perdure-javascript";

export function goals(results) {
  const ours = (who, name, key) => results.value(who, name, key);
  const restate = (name, key) => results.value("restate", name, key);
  const workerd = (name, key) => results.value("workerd", name, key);
  const floorMs = () => results.value("raw", FLOOR, "lat_us.p50") / 1000;
  const goal = (measure, text, measured, isMet, unit = "") => {
    results.sawDisturbed = false;
    const value = measured();
    const isDisturbed = results.sawDisturbed;
    return Number.isFinite(value)
      ? { measure, goal: text, value, unit, isMet: isMet(value), isDisturbed }
      : { measure, goal: text };
  };
  const least = (limit) => (value) => value >= limit;
  const most = (limit) => (value) => value <= limit;
  const serverShare = () => {
    const one = results.case(JAVASCRIPT, "W1b_64")?.summary;
    const server = one?.cpu_server_s?.median;
    return (server / (server + one?.cpu_client_s?.median)) * 100;
  };
  const sum = (counts) => counts.filter(Number.isFinite).reduce((a, b) => a + b, 0);
  const perChain = (who, name, key) => results.each(who, name, key);
  return [
    goal("chain of 5, 1 in flight, embedded: p50 / fdatasync p50", "<= 6.5",
      () => ours(EMBEDDED, "W1a", "lat_ms.p50") / floorMs(), most(6.5)),
    goal("the same / Restate's p50", "< 1",
      () => ours(EMBEDDED, "W1a", "lat_ms.p50") / restate("W1a_run", "lat_ms.p50"), (x) => x < 1),
    goal("the same chain, speculative: p50 / fdatasync p50", "<= 2.2",
      () => ours(EMBEDDED, "dash_1", "lat_ms.p50") / floorMs(), most(2.2)),
    goal("chain of 5, 256 in flight, embedded / Restate's rate", ">= 40, aim 100",
      () => ours(EMBEDDED, "W1b_256", "rate") / restate("W1b_run_256", "rate"), least(40)),
    goal("chain of 5, 256 in flight, server and C++ worker / Restate's rate", ">= 12, aim 30",
      () => ours(SERVER, "W1b_256", "rate") / restate("W1b_run_256", "rate"), least(12)),
    goal("server CPU of a step, 64 in flight, server and C++ worker / Restate's", "<= 0.05",
      () => perChain(SERVER, "W1b_64", "cpu_server_s") /
      perChain("restate", "W1b_run_64", "cpu_server_s"),
      most(0.05)),
    goal("chain of 5, 64 in flight, JavaScript SDK / Restate's service calls", ">= 5",
      () => ours(JAVASCRIPT, "W1b_64", "rate") / restate("W1b_call_64", "rate"), least(5)),
    goal("the same / Restate's steps in the handler", "> 1",
      () => ours(JAVASCRIPT, "W1b_64", "rate") / restate("W1b_run_64", "rate"), (x) => x > 1),
    goal("the server's share of its CPU, %", "< 15",
      () => serverShare(), (x) => x < 15, " %"),
    goal("device bytes of a step, 64 in flight, server and C++ worker / Restate's", "<= 0.2",
      () => perChain(SERVER, "W1b_64", "dev_write_mib") /
      perChain("restate", "W1b_run_64", "dev_write_mib"), most(0.2)),
    goal("embedded, 256 in flight / the prototype on the plain log, %", ">= 40",
      () => (ours(EMBEDDED, "W1b_256", "rate") /
        results.value("raw", "prototype, chains of 5, 256 in flight", "rate")) * 100,
      least(40), " %"),
    goal("fan-out of 10,000, embedded, ms", "<= 500",
      () => ours(EMBEDDED, "W2_10000", "total_ms"),
      most(500)),
    goal("fan-out of 1,000, JavaScript SDK, ms", "<= 1000",
      () => ours(JAVASCRIPT, "W2_1000", "total_ms"),
      most(1000)),
    goal("fan-out of 10,000, JavaScript SDK, ms", "<= 10000",
      () => ours(JAVASCRIPT, "W2_10000", "total_ms"), most(10000)),
    goal("hot counter, 64 in flight, over gRPC / Restate's", ">= 20",
      () => ours(SERVER, "W3_hot", "rate") / restate("W3_hot", "rate"), least(20)),
    goal("the same / workerd's", ">= 3",
      () => ours(SERVER, "W3_hot", "rate") / workerd("W3_hot", "rate"), least(3)),
    goal("1,000 counters, 64 in flight, over gRPC / Restate's", ">= 10",
      () => ours(SERVER, "W3_1000keys_64", "rate") / restate("W3_1000keys_64", "rate"), least(10)),
    goal("the same / workerd's", ">= 10",
      () => ours(SERVER, "W3_1000keys_64", "rate") / workerd("W3_1000keys_64", "rate"), least(10)),
    goal("hot counter in process, increments a second", ">= 100000",
      () => ours(EMBEDDED, "W3_hot", "rate"), least(100000)),
    goal("event to end, 1 in flight, embedded: p50 / fdatasync p50", "<= 2.5",
      () => ours(EMBEDDED, "W5_1", "event_lat_ms.p50") / floorMs(), most(2.5)),
    goal("fan-out of 100,000, embedded, ms", "<= 5000",
      () => ours(EMBEDDED, "W2_100000", "total_ms"), most(5000)),
    goal("100,000 timers due at one instant, server: late, p99 ms", "<= 30000",
      () => ours(SERVER, "W4_100000", "late_ms.p99"), most(30000)),
    goal("a million sleepers, server, MiB", "<= 500",
      () => ours(SERVER, "W8_1000000", "rss_asleep_mib"), most(500)),
    goal("the same: killed to serving, ms", "<= 5000",
      () => ours(SERVER, "W8_1000000", "restart_ms"), most(5000)),
    goal("the same, all due at once: late, p99 ms", "<= 30000",
      () => ours(SERVER, "W8_1000000", "late_ms.p99"), most(30000)),
    goal("the same, embedded", "<= 30000",
      () => ours(EMBEDDED, "W8_1000000", "late_ms.p99"), most(30000)),
    goal("history of a million events: the last steps / the first ones", "<= 1.5",
      () => ours(EMBEDDED, "W6_330000", "growth"), most(1.5)),
    goal("crash under load, server and C++ worker: all done / Restate's", "< 1",
      () => ours(SERVER, "W7", "kill_to_all_finished_ms") /
      restate("W7", "kill_to_all_finished_ms"), (x) => x < 1),
    goal("lost in crashes", "0",
      () => {
        const lost = [EMBEDDED, SERVER, JAVASCRIPT].map((who) =>
          results.case(who, "W7")?.summary?.lost?.max).filter(Number.isFinite);
        return lost.length ? sum(lost) : NaN;
      }, (x) => x === 0),
  ];
}
