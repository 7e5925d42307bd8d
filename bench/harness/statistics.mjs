// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0

const rounded = (x, digits = 3) => (x === undefined ? null : +x.toFixed(digits));

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** The upper bounds of the buckets of a histogram. Above the last one there is one bucket more. */
export const BOUNDS_MS =
  [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

function buckets(values) {
  const counts = new Array(BOUNDS_MS.length + 1).fill(0);
  for (const value of values) {
    const at = BOUNDS_MS.findIndex((bound) => value <= bound);
    counts[at < 0 ? BOUNDS_MS.length : at] += 1;
  }
  return counts;
}

/** Of durations in milliseconds, as the programs of bench/perdure say it. */
export function distribution(values) {
  if (!values.length) return { n: 0 };
  const sorted = Float64Array.from(values).sort();
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return {
    n: sorted.length,
    p50: rounded(percentile(sorted, 0.5)),
    p90: rounded(percentile(sorted, 0.9)),
    p99: rounded(percentile(sorted, 0.99)),
    p999: rounded(percentile(sorted, 0.999)),
    min: rounded(sorted[0]),
    max: rounded(sorted[sorted.length - 1]),
    mean: rounded(mean),
    buckets: buckets(sorted),
  };
}

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Every number of the repeats, also those one level down ("lat_ms.p50"): {median, min, max}. */
export function summarize(repeats) {
  const values = new Map();
  const note = (name, value) => {
    if (!Number.isFinite(value)) return;
    if (!values.has(name)) values.set(name, []);
    values.get(name).push(value);
  };
  for (const repeat of repeats) {
    for (const [name, value] of Object.entries(repeat)) {
      if (value && typeof value === "object" && !Array.isArray(value)) {
        for (const [inner, number] of Object.entries(value)) note(`${name}.${inner}`, number);
      } else {
        note(name, value);
      }
    }
  }
  const summary = {};
  for (const [name, all] of values) {
    summary[name] = {
      median: rounded(median(all), 4),
      min: rounded(Math.min(...all), 4),
      max: rounded(Math.max(...all), 4),
    };
  }
  return summary;
}

/** Does a step cost more, the longer the history is? `stamps`: when each ended, in order. */
export function growth(stamps) {
  const gaps = stamps.slice(1).map((stamp, i) => stamp - stamps[i]);
  const mean = (some) => some.reduce((a, b) => a + b, 0) / some.length;
  const first = mean(gaps.slice(0, 100));
  const last = mean(gaps.slice(-100));
  return { first100_ms: rounded(first), last100_ms: rounded(last), growth: rounded(last / first) };
}
