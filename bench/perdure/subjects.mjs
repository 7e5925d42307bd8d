// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The three ways in which Perdure is measured. A subject is up or down; `ask` gives its load
// program a workload (workloads.cc, application.mjs) and answers what it saw.
import fs from "node:fs";
import path from "node:path";
import { cpuSeconds } from "../harness/machine.mjs";
import { installed, node } from "../harness/packages.mjs";
import { askLines, askMessages, now, sleep, start, stop } from "../harness/processes.mjs";
import { DATA, program } from "../harness/settings.mjs";

const READY_MS = 60000;
const LOAD = "bench/programs/perdure_load";

/** A process whose CPU time is kept when another one takes its place. */
class Process {
  dead = 0;
  child = null;
  pid = () => this.child?.pid;

  async end(signal) {
    this.dead += cpuSeconds(this.pid());
    await stop(this.child, signal);
    this.child = null;
  }
}

async function startLoad(load, log, args) {
  load.child = start(program(LOAD), args, { log, input: "lines" });
  const { ready, ask } = askLines(load.child);
  await ready();
  return ask;
}

class Served {
  process = new Process();

  constructor(folder) {
    this.store = path.join(folder, "store");
    this.readyFile = path.join(folder, "ready.json");
    this.grpc = "127.0.0.1:0";
  }

  /** On the same address as before, if there was one. */
  async up(log) {
    fs.rmSync(this.readyFile, { force: true });
    this.process.child = start(program("bin/perdure"), ["serve", "--data", this.store,
      "--grpc-address", this.grpc, "--http-address", "127.0.0.1:0", "--ready-file", this.readyFile,
      "--log-level", "error"], { log });
    for (const end = now() + READY_MS; !fs.existsSync(this.readyFile);) {
      if (this.process.child.exitCode !== null || now() > end) {
        throw new Error("perdure serve did not start");
      }
      await sleep(2);
    }
    this.grpc = JSON.parse(fs.readFileSync(this.readyFile, "utf8")).grpc;
  }
}

function freshFolder(name) {
  const folder = path.join(DATA, name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** The engine in the program that works and asks: one process, no server. */
export class Embedded {
  name = "perdure-embedded";
  note = "engine, functions and clients in one C++ program; every cost is in the column of " +
    "worker and client";
  load = new Process();
  servers = [];
  clients = [this.load];
  killed = "the whole program";

  async prepare() {
    this.folder = freshFolder(this.name);
    await this.up();
  }
  /** `steps`: the log of steps, from the first on: it works before it can be asked. */
  async up(steps) {
    const args = ["--data", path.join(this.folder, "store"), ...(steps ? ["--steps", steps] : [])];
    this.ask = await startLoad(this.load, `${this.name}.log`, args);
  }
  /** What is acknowledged survives it; what was asked is lost with it. */
  async crash() {
    await this.load.end("SIGKILL");
  }
  async down() {
    this.load.child.stdin.end();
    await stop(this.load.child);
  }
}

/** `perdure serve`, and one C++ program that is its worker and its client. */
export class Server {
  name = "perdure-server";
  note = "perdure serve, defaults; worker and clients in one C++ program, over gRPC on loopback";
  load = new Process();
  killed = "the server";

  async prepare() {
    this.folder = freshFolder(this.name);
    this.served = new Served(this.folder);
    this.servers = [this.served.process];
    this.clients = [this.load];
    await this.served.up(`${this.name}.log`);
    await this.connect();
  }
  async connect() {
    this.ask = await startLoad(this.load, `${this.name}-load.log`, ["--server", this.served.grpc]);
  }
  async crash() {
    await this.served.process.end("SIGKILL");
  }
  async up() {
    await this.served.up(`${this.name}.log`);
  }
  async down() {
    await stop(this.load.child);
    await stop(this.served.process.child);
  }
}

/** `perdure serve`, and one program of node on the official SDK that is its worker and client. */
export class JavaScript extends Server {
  name = "perdure-javascript";
  note = "perdure serve, defaults; worker and clients in one program on the official SDK for " +
    "JavaScript, over gRPC on loopback";

  async connect() {
    this.load.child = start(node(), [installed("perdure/application.mjs")], {
      log: `${this.name}-load.log`, input: "messages",
      env: { PERDURE_GRPC: this.served.grpc, NODE_ENV: "production" },
    });
    const call = askMessages(this.load.child);
    this.ask = (line) => {
      const [operation, ...words] = line.split(" ");
      return call(operation, words);
    };
    await this.ask("ready");
  }
}
