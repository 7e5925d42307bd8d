// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Throughput and latency against the number in flight, as SVG; both axes are logarithmic.

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 70;
const TOP = 30;
const BOTTOM = 50;
const RATE = "#1f6feb";
const LATENCY = "#d1570c";

function scale(values, from, to) {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.0001));
  const span = Math.log10(high / low);
  const at = (value) => from + ((to - from) * Math.log10(value / low)) / span;
  const ticks = [];
  for (let tick = low; tick <= high * 1.0001; tick *= 10) ticks.push(+tick.toPrecision(1));
  return { at, ticks };
}

function line(points, x, y, key, color) {
  const at = points.map((point) =>
    `${x(point.inFlight).toFixed(1)},${y.at(point[key]).toFixed(1)}`);
  const dots = at.map((place) => {
    const [cx, cy] = place.split(",");
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`;
  });
  return `<polyline points="${at.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>` +
    dots.join("");
}

const text = (x, y, anchor, words, color = "#444") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${color}">${words}</text>`;

/** `points`: [{inFlight, rate, p50}] */
export function plot(points) {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    'font-family="sans-serif" font-size="12">' +
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`;
  if (!points.length) return `${open}</svg>\n`;
  const bottom = HEIGHT - BOTTOM;
  const last = Math.max(...points.map(({ inFlight }) => inFlight), 2);
  const x = (inFlight) =>
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.log2(inFlight)) / Math.log2(last);
  const rate = scale(points.map((point) => point.rate), bottom, TOP);
  const latency = scale(points.map((point) => point.p50), bottom, TOP);
  const parts = [open];
  for (const { inFlight } of points) {
    parts.push(text(x(inFlight), bottom + 18, "middle", inFlight));
  }
  for (const tick of rate.ticks) {
    const y = rate.at(tick);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#ddd"/>`);
    parts.push(text(LEFT - 8, y + 4, "end", tick.toLocaleString("en-US"), RATE));
  }
  for (const tick of latency.ticks) {
    parts.push(text(WIDTH - RIGHT + 8, latency.at(tick) + 4, "start", `${tick} ms`, LATENCY));
  }
  parts.push(line(points, x, rate, "rate", RATE), line(points, x, latency, "p50", LATENCY));
  parts.push(text(LEFT, TOP - 12, "start", "chains of 5 a second", RATE));
  parts.push(text(WIDTH - RIGHT, TOP - 12, "end", "p50", LATENCY));
  parts.push(text(WIDTH / 2, HEIGHT - 12, "middle", "in flight"));
  return `${parts.join("\n")}\n</svg>\n`;
}
