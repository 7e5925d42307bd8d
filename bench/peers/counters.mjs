// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// W3 for engines whose counters are asked from this process.
import { closedLoop } from "../harness/load.mjs";
import { seconds } from "../harness/settings.mjs";

/** `add` increments the counter of that name once. */
export async function measureCounters(recorder, add) {
  let key = 0;
  for (const [name, inFlight, keyOf, note] of [
    ["W3_lat", 1, () => "one", "increments of one counter, 1 in flight"],
    ["W3_hot", 64, () => "hot", "increments of one counter, 64 in flight"],
    ["W3_1000keys_64", 64, () => `k${key++ % 1000}`, "of 1,000 counters, 64 in flight"],
    ["W3_1000keys_256", 256, () => `k${key++ % 1000}`, "of 1,000 counters, 256 in flight"],
  ]) {
    const once = () => add(keyOf());
    await recorder.measure(name, {
      note,
      warmup: () => closedLoop(inFlight, seconds(1), once),
      fn: () => closedLoop(inFlight, seconds(5), once),
    });
  }
}
