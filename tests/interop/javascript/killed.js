// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker of kill_test.py: killed.js HUB. It says "ready" when it runs.
import grpc from "@grpc/grpc-js";
import dt from "@microsoft/durabletask-js";
import { hostAddress, quiet } from "./perdure.js";

const { EntityInstanceId, TaskEntity, whenAll } = dt;

class Counter extends TaskEntity {
  initializeState() { return { value: 0 }; }
  add(amount) { this.state.value += amount; return this.state.value; }
}

const metadata = new grpc.Metadata();
metadata.set("taskhub", process.argv[2]);
const worker = new dt.TaskHubGrpcWorker({
  hostAddress, logger: quiet, metadataGenerator: async () => metadata,
});
worker.addNamedOrchestrator("everything", async function* (ctx, n) {
  const first = yield ctx.callActivity("double", n);
  const fan = yield whenAll([0, 1, 2].map((i) => ctx.callActivity("double", n + i)));
  yield ctx.createTimer(0.01);
  const counter = new EntityInstanceId("Counter", String(n % 8));
  ctx.entities.signalEntity(counter, "add", 1);
  yield ctx.entities.callEntity(counter, "add", 1);
  const child = yield ctx.callSubOrchestrator("child", n);
  return [first, ...fan, child];
});
worker.addNamedOrchestrator("child", async function* (ctx, n) {
  return yield ctx.callActivity("double", n);
});
worker.addNamedActivity("double", async (_, n) => 2 * n);
worker.addNamedEntity("Counter", () => new Counter());
await worker.start();
console.log("ready");
