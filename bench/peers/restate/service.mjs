// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The service endpoint of Restate: the functions that are measured, over HTTP/2, and a small port
// for what they note about themselves.
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";

const cities = ["Tokyo", "Seattle", "London", "Paris", "Cairo"];
let stepLog = null;
const step = (id, what) => {
  if (stepLog !== null && id) fs.writeSync(stepLog, `${id} ${what}\n`);
};
let late = [];
const stamps = new Map();
const indices = (count) => Array.from({ length: count }, (_, i) => i);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

const chain = restate.service({ name: "Chain", handlers: {
  // five journaled effects inside of one handler: what Restate means by a step
  run: async (ctx, id) => {
    const greetings = [];
    for (let i = 0; i < 5; i++) {
      greetings.push(await ctx.run(`hello${i}`, () => {
        step(id, i);
        return `Hello ${cities[i]}`;
      }));
    }
    step(id, "end");
    return greetings;
  },
  // five durable calls of another service: the nearest to an activity that is handed to a worker
  call: async (ctx) => {
    const greetings = [];
    for (const city of cities) {
      greetings.push(await ctx.serviceClient({ name: "Activity" }).hello(city));
    }
    return greetings;
  },
  fanRun: async (ctx, width) =>
    sum(await restate.RestatePromise.all(indices(width).map((i) => ctx.run(`s${i}`, () => i)))),
  fanCall: async (ctx, width) => {
    const activity = ctx.serviceClient({ name: "Activity" });
    return sum(await restate.RestatePromise.all(indices(width).map((i) => activity.number(i))));
  },
  long: async (ctx, { id, steps }) => {
    const mine = [];
    stamps.set(id, mine);
    for (let i = 0; i < steps; i++) {
      await ctx.run("s", () => i);
      mine.push(performance.now());
    }
    return steps;
  },
  sleepUntil: async (ctx, due) => {
    await ctx.sleep(Math.max(0, due - (await ctx.date.now())));
    late.push(Date.now() - due);
    return true;
  },
  delayed: async (_, due) => {
    late.push(Date.now() - due);
    return true;
  },
} });
const activity = restate.service({ name: "Activity", handlers: {
  hello: async (_, city) => `Hello ${city}`,
  number: async (_, i) => i,
} });
const counter = restate.object({ name: "Counter", handlers: {
  add: async (ctx, amount) => {
    const value = ((await ctx.get("n")) ?? 0) + amount;
    ctx.set("n", value);
    return value;
  },
} });
const waiter = restate.workflow({ name: "Waiter", handlers: {
  run: async (ctx) => await ctx.promise("go"),
  go: restate.handlers.workflow.shared(async (ctx, value) => {
    await ctx.promise("go").resolve(value);
    return true;
  }),
} });

const endpoint = restate.endpoint().bind(chain).bind(activity).bind(counter).bind(waiter);
endpoint.setLogger(() => {});
http2.createServer(endpoint.http2Handler()).listen(+process.env.SERVICE_PORT, "127.0.0.1");

function control(url) {
  switch (url.pathname) {
    case "/late":
      return { n: late.length };
    case "/lateness":
      return { late };
    case "/forget":
      late = [];
      return {};
    case "/stamps":
      return stamps.get(url.searchParams.get("id")) ?? [];
    case "/log": {
      const file = url.searchParams.get("file");
      if (stepLog !== null) fs.closeSync(stepLog);
      stepLog = file ? fs.openSync(file, "a") : null;
      return {};
    }
    default:
      return {};
  }
}
const controls = http.createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(control(new URL(request.url, "http://control"))));
});
controls.keepAliveTimeout = 0;
controls.listen(+process.env.CONTROL_PORT, "127.0.0.1");
