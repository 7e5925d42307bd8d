// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Load from one process of node.
import http from "node:http";
import { now, sleep } from "./processes.mjs";
import { distribution } from "./statistics.mjs";

const ERRORS_MAX = 50;
const UP_MS = 60000;

/** So many callers, each with one call after the other; for `ms`, and then to the end. */
export async function closedLoop(callers, ms, operation) {
  const begin = now();
  const end = begin + ms;
  const latencies = [];
  let errors = 0;
  let lastError;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    for (let i = 0; now() < end; i++) {
      const sent = now();
      try {
        await operation(caller, i);
        latencies.push(now() - sent);
      } catch (error) {
        lastError = String(error?.message || error);
        if (++errors > ERRORS_MAX) throw error;
      }
    }
  }));
  const elapsed = now() - begin;
  return {
    done: latencies.length,
    err: errors,
    last_err: lastError,
    elapsed_s: +(elapsed / 1000).toFixed(3),
    rate: +((latencies.length / elapsed) * 1000).toFixed(2),
    lat_ms: distribution(latencies),
  };
}

/** Calls `each(item, index)` for all, `width` at a time. */
export async function pool(items, width, each) {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, async () => {
    while (next < items.length) {
      const at = next++;
      await each(items[at], at);
    }
  }));
}

export const range = (count) => Array.from({ length: count }, (_, i) => i);

/** `send(method, path, body, headers)`, JSON both ways, over connections that are kept. */
export function httpClient(host, port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 512, scheduling: "lifo" });
  const send = (method, path, body, headers = {}) => new Promise((done, failed) => {
    const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const about = data && { "content-type": "application/json", "content-length": data.length };
    const options = { host, port, path, method, agent, headers: { ...about, ...headers } };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", failed);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode >= 400) {
          failed(new Error(`${response.statusCode} ${text.slice(0, 200)}`));
          return;
        }
        try {
          done(text ? JSON.parse(text) : undefined);
        } catch {
          done(text);
        }
      });
    });
    request.on("error", failed);
    request.setNoDelay(true);
    if (data) request.write(data);
    request.end();
  });
  send.close = () => agent.destroy();
  return send;
}

export async function waitHttp(url) {
  const end = now() + UP_MS;
  for (;;) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not yet
    }
    if (now() > end) throw new Error(`${url}: nobody answers`);
    await sleep(50);
  }
}
