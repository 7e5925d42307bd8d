#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers that `./dev fuzz` has built, one after the other, each from its corpus.

An input that breaks a law is left in BUILD/found and its path printed, with the command that runs
it again. Put it into the corpus of its target (tests/fuzz/corpus) as a regression: every test run
then tries it.
"""

import argparse
import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys

import commit

ROOT = pathlib.Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests/fuzz/corpus"
RECORDS = ROOT / "verification/records.jsonl"
# Of one target in the repository; nine of them stay below 300 KB.
CORPUS_BYTES_MAX = 24 << 10
CORPUS_FILES_MAX = 64
INPUT_BYTES_MAX = 4096
KEPT = "kept-"  # names of what --keep chose; anything else was put there by a person


def targets(build):
    described = json.loads((build / "layers.json").read_text(encoding="utf-8"))
    names = [one["target"] for one in described if one["target"].endswith("_fuzz")]
    # Where a program lies depends on its folder's settings.
    return {name: next(path for path in build.rglob(name) if path.is_file()) for name in names}


def run(build, name, program, seconds):
    """(executions, seconds, status) of one run; what is new goes to BUILD/corpus."""
    grown = build / "corpus" / name
    found = build / "found"
    for folder in (grown, found):
        folder.mkdir(parents=True, exist_ok=True)
    command = [program, f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES_MAX}",
               "-print_final_stats=1", f"-artifact_prefix={found}/{name}-", "-rss_limit_mb=2048",
               "-timeout=20", grown, CORPUS / name]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         errors="replace", check=False)
    said = dict(re.findall(r"stat::(\w+):\s+(\d+)", ran.stderr))
    took = re.search(r"Done \d+ runs in (\d+) second", ran.stderr)
    if ran.returncode != 0:
        print(ran.stderr[-8000:], file=sys.stderr)
        for path in re.findall(r"Test unit written to (\S+)", ran.stderr):
            print(f"run it again: {program} {path}", file=sys.stderr)
    return (int(said.get("number_of_executed_units", 0)), int(took.group(1)) if took else seconds,
            ran.returncode)


def keep(build, name, program):
    """Replaces what --keep chose before by the smallest inputs that reach as much."""
    merged = build / "merged" / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    subprocess.run([program, "-merge=1", f"-max_len={INPUT_BYTES_MAX}", merged, CORPUS / name,
                    build / "corpus" / name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True)
    for old in CORPUS.joinpath(name).glob(KEPT + "*"):
        old.unlink()
    others = list((CORPUS / name).iterdir())
    bytes_left = CORPUS_BYTES_MAX - sum(path.stat().st_size for path in others)
    by_size = sorted(merged.iterdir(), key=lambda path: (path.stat().st_size, path.name))
    # The larger ones reach more than the many that differ in a byte.
    for path in reversed(by_size[-max(1, CORPUS_FILES_MAX - len(others)):]):
        bytes_left -= path.stat().st_size
        if bytes_left < 0:
            break
        shutil.copyfile(path, CORPUS / name / (KEPT + path.name[:16]))


def record(name, executions, seconds):
    line = {"kind": "fuzz", "target": name, "executions": executions, "seconds": seconds,
            "commit": commit.name(),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}
    RECORDS.parent.mkdir(exist_ok=True)
    with open(RECORDS, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=int, default=10, help="for each; default 10")
    parser.add_argument("names", nargs="*", help="only these targets")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/fuzz",
                        help="the folder with the programs")
    parser.add_argument("--record", action="store_true",
                        help="append a line for each to verification/records.jsonl")
    parser.add_argument("--keep", action="store_true",
                        help="minimise what was found into tests/fuzz/corpus")
    arguments = parser.parse_args()
    known = targets(arguments.build)
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"no fuzzer is called {', '.join(sorted(unknown))}; "
                     f"there are: {', '.join(known)}")
    failed = []
    for name in arguments.names or known:
        program = known[name]
        executions, seconds, status = run(arguments.build, name, program, arguments.seconds)
        verdict = "no law broken" if status == 0 else "FAILED"
        print(f"{name}: {executions} executions in {seconds} s: {verdict}", flush=True)
        if status != 0:
            failed.append(name)
            continue
        if arguments.record:
            record(name, executions, seconds)
        if arguments.keep:
            keep(arguments.build, name, program)
    if arguments.record:
        subprocess.run([sys.executable, "-B", str(ROOT / "tools/ledger.py")], check=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
