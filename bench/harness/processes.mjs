// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Starting, asking and ending the processes that are measured. What this process started ends with
// it.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { spawn } from "node:child_process";
import { DATA } from "./settings.mjs";

const STOP_MS = 8000;
const CALL_MS = 600000;

const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
/** Milliseconds of a clock that never goes back. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * `log`: a file below DATA for what it prints. `input`: "lines" for a program that is asked on its
 * standard input, "messages" for a program of node that is asked by messages.
 */
export function start(command, args, { log, env = {}, cwd = DATA, input, uid, gid } = {}) {
  const out = log ? fs.openSync(path.join(DATA, log), "a") : "ignore";
  const stdio = {
    lines: ["pipe", "pipe", out],
    messages: ["ignore", out, out, "ipc"],
    undefined: ["ignore", out, out],
  }[input];
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, uid, gid, stdio });
  if (log) fs.closeSync(out);
  children.add(child);
  child.on("exit", () => children.delete(child));
  child.on("error", (error) => console.error(`${command}: ${error.message}`));
  return child;
}

export async function stop(child, signal = "SIGTERM") {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

/** For a child with input "lines": `ask(line)` answers what its next line of JSON says. */
export function askLines(child) {
  const waiting = [];
  let ended = null;
  readline.createInterface({ input: child.stdout }).on("line", (line) => {
    waiting.shift()?.done(JSON.parse(line));
  });
  child.stdin.on("error", () => {}); // it ended; told below
  child.on("exit", (code, signal) => {
    ended = new Error(`the program ended (${signal ?? code})`);
    for (const { failed } of waiting.splice(0)) failed(ended);
  });
  const next = () => new Promise((done, failed) => {
    if (ended) failed(ended);
    else waiting.push({ done, failed });
  });
  const ask = async (line) => {
    const answer = next();
    child.stdin.write(`${line}\n`);
    const said = await answer;
    if (said.error) throw new Error(`${line}: ${said.error}`);
    return said;
  };
  return { ready: next, ask };
}

/** With input "messages": `call(operation, argument)`; `call.onEvent` hears the rest. */
export function askMessages(child) {
  let last = 0;
  const waiting = new Map();
  const listeners = [];
  child.on("message", (message) => {
    const call = waiting.get(message.id);
    if (!call) {
      for (const listener of listeners) listener(message);
      return;
    }
    waiting.delete(message.id);
    if (message.error) call.failed(new Error(message.error));
    else call.done(message.value);
  });
  child.on("exit", () => {
    for (const { failed } of waiting.values()) failed(new Error("the program ended"));
    waiting.clear();
  });
  const call = (operation, argument) => new Promise((done, failed) => {
    const id = ++last;
    const timer = setTimeout(() => {
      waiting.delete(id);
      failed(new Error(`${operation}: no answer`));
    }, CALL_MS);
    const end = (then) => (value) => {
      clearTimeout(timer);
      then(value);
    };
    waiting.set(id, { done: end(done), failed: end(failed) });
    child.send({ id, operation, argument });
  });
  call.onEvent = (listener) => listeners.push(listener);
  return call;
}

/** The other side of askMessages, in the child. */
export function serveMessages(operations) {
  process.on("message", async ({ id, operation, argument }) => {
    try {
      process.send({ id, value: (await operations[operation](argument)) ?? null });
    } catch (error) {
      process.send({ id, error: String(error?.stack || error) });
    }
  });
  process.on("disconnect", () => process.exit(0));
}
