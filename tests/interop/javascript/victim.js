// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker that begins an activity, says so, and never ends it.
import grpc from "@grpc/grpc-js";
import dt from "@microsoft/durabletask-js";
import { hostAddress, quiet } from "./perdure.js";

const metadata = new grpc.Metadata();
metadata.set("taskhub", process.argv[2]);
const worker = new dt.TaskHubGrpcWorker({
  hostAddress, logger: quiet, metadataGenerator: async () => metadata,
});
worker.addNamedOrchestrator("who", async function* (ctx, name) { return yield ctx.callActivity(name); });
worker.addNamedActivity("a", () => {
  console.log("begun");
  return new Promise(() => {});
});
await worker.start();
