// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the programs share: a task hub of its own for each test, on the server in PERDURE_GRPC.
import grpc from "@grpc/grpc-js";
import dt from "@microsoft/durabletask-js";

export const hostAddress = process.env.PERDURE_GRPC;
export const WAIT_SECONDS = 60;

export const quiet = new dt.NoOpLogger();

export class Hub {
  static count = 0;

  /** For the test `t`: what it opens ends with the test. */
  constructor(t, name = `hub-${process.pid}-${++Hub.count}`) {
    this.name = name;
    this.t = t;
    this.client = this.connect();
  }

  get options() {
    return {
      hostAddress,
      logger: quiet,
      metadataGenerator: async () => {
        const metadata = new grpc.Metadata();
        metadata.set("taskhub", this.name);
        return metadata;
      },
    };
  }

  connect(more = {}) {
    const client = new dt.TaskHubGrpcClient({ ...this.options, ...more });
    this.t.after(() => client.stop());
    return client;
  }

  /** A worker that runs, with these functions by their names. */
  async worker({ orchestrators = {}, activities = {}, entities = {} }, more = {}) {
    const worker = new dt.TaskHubGrpcWorker({ ...this.options, shutdownTimeoutMs: 1000, ...more });
    for (const [name, fn] of Object.entries(orchestrators)) worker.addNamedOrchestrator(name, fn);
    for (const [name, fn] of Object.entries(activities)) worker.addNamedActivity(name, fn);
    for (const [name, fn] of Object.entries(entities)) worker.addNamedEntity(name, fn);
    await worker.start();
    let stopped = false;
    const stop = async () => {
      if (!stopped) await worker.stop();
      stopped = true;
    };
    this.t.after(stop);
    return { stop };
  }

  start(name, input, options) {
    return this.client.scheduleNewOrchestration(name, input, options);
  }

  ended(id, seconds = WAIT_SECONDS) {
    return this.client.waitForOrchestrationCompletion(id, true, seconds);
  }

  /** The state in which an orchestration of this name and input ends. */
  async run(name, input, options) {
    return this.ended(await this.start(name, input, options));
  }

  /** Waits until `ask` answers what `until` accepts. */
  static async until(ask, until) {
    const end = Date.now() + WAIT_SECONDS * 1000;
    for (;;) {
      const answer = await ask();
      if (until(answer)) return answer;
      if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
      await sleep(20);
    }
  }

  inStatus(id, status) {
    return Hub.until(
      () => this.client.getOrchestrationState(id, true),
      (state) => state?.runtimeStatus === status,
    );
  }
}

export function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

export async function all(pageable) {
  const found = [];
  for await (const one of pageable) found.push(one);
  return found;
}

export function output(state) {
  return state.serializedOutput === undefined ? undefined : JSON.parse(state.serializedOutput);
}
