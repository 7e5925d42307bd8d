// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A PostgreSQL of our own: own folder, own port, default settings.
import fs from "node:fs";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { sleep, start, stop } from "../../harness/processes.mjs";
import { DATA } from "../../harness/settings.mjs";

const PORT = 25432;
const VERSIONS = "/usr/lib/postgresql";
const UP_TRIES = 1200;
const SETTINGS = ["server_version", "fsync", "synchronous_commit", "wal_sync_method",
  "full_page_writes"];

const newest = fs.existsSync(VERSIONS)
  ? fs.readdirSync(VERSIONS).sort((a, b) => b - a)[0] : undefined;
/** Where its programs are; nothing: it is not installed. */
export const postgresFolder = newest && path.join(VERSIONS, newest, "bin");

/** It refuses to run as root. */
function account() {
  if (process.getuid() !== 0) return {};
  const number = (flag) => +execFileSync("id", [flag, "postgres"]);
  return { uid: number("-u"), gid: number("-g") };
}

export class Postgres {
  constructor(name) {
    this.account = account();
    // its account may not be able to enter the folder of the build
    this.folder = fs.mkdtempSync(path.join(DATA, `${name}-`));
    this.data = path.join(this.folder, "data");
    if (this.account.uid) fs.chownSync(this.folder, this.account.uid, this.account.gid);
    execFileSync(path.join(postgresFolder, "initdb"),
      ["-D", this.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"],
      { ...this.account, cwd: this.folder, stdio: "ignore" });
  }
  pid = () => this.child?.pid;
  url = (database) => `postgresql://postgres@127.0.0.1:${PORT}/${database}`;

  async up() {
    this.child = start(path.join(postgresFolder, "postgres"),
      ["-D", this.data, "-p", PORT, "-c", "listen_addresses=127.0.0.1",
        "-c", `unix_socket_directories=${this.folder}`],
      { log: "postgres.log", cwd: this.folder, ...this.account });
    for (let i = 0; i < UP_TRIES; i++) {
      try {
        this.sql("postgres", "select 1");
        return;
      } catch {
        await sleep(25);
      }
    }
    throw new Error("PostgreSQL did not start");
  }
  sql(database, text) {
    const args = ["-h", "127.0.0.1", "-p", PORT, "-U", "postgres", "-d", database, "-XAtc", text];
    const options = { stdio: ["ignore", "pipe", "ignore"], cwd: this.folder };
    return execFileSync(path.join(postgresFolder, "psql"), args, options).toString().trim();
  }
  settings() {
    return SETTINGS.map((name) => `${name}=${this.sql("postgres", `show ${name}`)}`).join(", ");
  }
  async down() {
    await stop(this.child, "SIGINT");
  }
  async crash() {
    await stop(this.child, "SIGKILL");
    await sleep(300); // its other processes end once the first is gone
  }
}
