#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Real crashes of a real process on a real disk, and what is left of its promises.

A subject program works on a store and keeps a ledger of what it was told, in memory and out of
reach. A method harms the program or the disk; then the store must hold to the ledger: what was
acknowledged is there, took effect once, in order, and everything comes to its end. Each method has
mutants: faults on purpose that it must notice.
"""

import argparse
import datetime
import functools
import inspect
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import time

import bit_flip
import crash_points
import disk_full
import fsync_error
import kill
import power_cut
from session import MUTANTS, Session, Skip, Violation

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDS = ROOT / "verification" / "records.jsonl"
SKIPPED = 77
MUTANT_LOOPS = 100  # within which a mutant must be noticed


class Method:
    def __init__(self, module, name=None, run=None, summary=None):
        self.name = name or module.NAME
        self.summary = summary or module.SUMMARY
        self.mutants = module.MUTANTS
        self.loops = module.LOOPS
        self.run = run or module.run


METHODS = {method.name: method for method in (
    Method(kill),
    Method(crash_points),
    Method(crash_points, "crash_points_rolling", functools.partial(
        crash_points.run, script="rolling_script"), "the same while the log rolls; long"),
    Method(power_cut, "power_cut_ext4", functools.partial(power_cut.run, kind="ext4")),
    Method(power_cut, "power_cut_xfs", functools.partial(power_cut.run, kind="xfs")),
    Method(disk_full),
    Method(fsync_error),
    Method(bit_flip),
)}


def parse():
    listed = [f"  {method.name:<22} {method.summary}" for method in METHODS.values()]
    parser = argparse.ArgumentParser(
        prog="./dev torture", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=inspect.cleandoc(__doc__),
        epilog="methods:\n" + "\n".join(listed) + "\n\n"
               "exit status: 0 every promise held, 1 one was broken or a mutant went unnoticed, "
               "77 nothing could run here")
    parser.add_argument("methods", nargs="*", metavar="NAME",
                        help="methods to run, one after the other (default: all)")
    parser.add_argument("--loops", type=positive, metavar="N", help="faults of each method")
    parser.add_argument("--minutes", type=float, metavar="M", help="time of each method, at most")
    parser.add_argument("--seed", type=int, metavar="S", help="default: a new one, printed")
    parser.add_argument("--mutants", action="store_true",
                        help="run the mutants: each must be noticed")
    parser.add_argument("--record", action="store_true",
                        help="append the result to verification/records.jsonl")
    parser.add_argument("--build", default="build/release", metavar="FOLDER",
                        help="the build whose subject is used (default: %(default)s)")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.methods if name not in METHODS]
    if unknown:
        parser.error(f"no method is called '{unknown[0]}'; there are {', '.join(METHODS)}")
    return chosen


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


class Outcome:
    """How one run of a method ended."""

    def __init__(self, method, session):
        self.method = method
        self.session = session
        self.violation = None
        self.skipped = None
        self.seconds = 0.0


def attempt(method, chosen, seed, mutant=None):
    """Runs one method once."""
    loops = chosen.loops or (MUTANT_LOOPS if mutant else method.loops)
    if chosen.minutes and not chosen.loops and not mutant:
        loops = sys.maxsize
    seconds = chosen.minutes * 60 if chosen.minutes else None
    session = Session(pathlib.Path(chosen.build).resolve(), method.name, seed, loops, seconds,
                      mutant)
    outcome = Outcome(method, session)
    begin = time.monotonic()
    try:
        method.run(session)
    except Violation as violation:
        outcome.violation = str(violation)
    except Skip as skip:
        if session.counts.faults == 0:
            outcome.skipped = str(skip)
        else:
            outcome.violation = f"could not go on: {skip}"
    finally:
        outcome.seconds = time.monotonic() - begin
        session.close(keep=outcome.violation is not None and mutant is None)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
    return outcome


def tell(outcome):
    counts = outcome.session.counts
    if outcome.skipped:
        print(f"SKIPPED  {outcome.method.name}: {outcome.skipped}", flush=True)
        return
    print(f"{'FAILED  ' if outcome.violation else 'held    '} {outcome.method.name}: "
          f"{counts.loops} loops, {counts.faults} faults, {counts.recoveries} recoveries, "
          f"{outcome.seconds:.1f} s, seed {outcome.session.seed}", flush=True)
    if outcome.violation:
        print(f"  {outcome.violation}\n  kept: {outcome.session.folder}\n  again: ./dev torture "
              f"{outcome.method.name} --seed {outcome.session.seed} "
              f"--loops {counts.loops}", flush=True)


def tell_mutant(outcome, mutant):
    if outcome.skipped:
        print(f"SKIPPED  {outcome.method.name} / {mutant}: {outcome.skipped}", flush=True)
    elif outcome.violation:
        first = outcome.violation.splitlines()[0]
        print(f"noticed  {outcome.method.name} / {mutant}: in loop {outcome.session.counts.loops}, "
              f"{outcome.seconds:.1f} s, seed {outcome.session.seed}: {first}", flush=True)
    else:
        print(f"FAILED   {outcome.method.name} / {mutant}: not noticed in "
              f"{outcome.session.counts.loops} loops, seed {outcome.session.seed} "
              f"({MUTANTS[mutant].summary})", flush=True)


def seen_in(violation):
    """What showed a mutant, without the names of files and instances."""
    broken = re.search(r"VIOLATION: \S+ (.*)", violation)
    if broken:
        return re.sub(r" with .*", " with another answer", broken.group(1))
    if "STORE_CORRUPT" in violation or "Corruption" in violation:
        return "the store is refused as damaged"
    return re.search(r"[^:]*status \d+|$", violation).group() or "it could not go on"


def record(outcome, mutant):
    """One line for what was run to its end; a mutant only if it was noticed."""
    if outcome.skipped or (mutant and not outcome.violation):
        return
    commit = subprocess.run([sys.executable, "-B", str(ROOT / "tools" / "commit.py")],
                            capture_output=True, text=True, check=True).stdout.strip()
    counts = outcome.session.counts
    line = {"kind": "mutant" if mutant else outcome.method.name,
            "commit": commit,
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "cores": os.cpu_count(), "seed": outcome.session.seed, "loops": counts.loops,
            "seconds": round(outcome.seconds, 1)}
    if mutant:
        line.update(name=mutant, by=outcome.method.name, invariant=seen_in(outcome.violation))
    else:
        line.update(faults=counts.faults, recoveries=counts.recoveries,
                    failures=int(outcome.violation is not None))
    RECORDS.parent.mkdir(exist_ok=True)
    with open(RECORDS, "a", encoding="utf-8") as records:
        records.write(json.dumps(line) + "\n")


def main():
    chosen = parse()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    ran, failed = 0, 0
    for name in chosen.methods or METHODS:
        method = METHODS[name]
        for mutant in method.mutants if chosen.mutants else (None,):
            outcome = attempt(method, chosen, seed, mutant)
            if mutant is None:
                tell(outcome)
                failed += outcome.violation is not None
            else:
                tell_mutant(outcome, mutant)
                failed += outcome.violation is None and outcome.skipped is None
            ran += outcome.skipped is None
            if chosen.record:
                record(outcome, mutant)
    if chosen.record:
        subprocess.run([sys.executable, str(ROOT / "tools" / "ledger.py")], check=True)
    if failed:
        sys.exit(1)
    sys.exit(0 if ran else SKIPPED)


if __name__ == "__main__":
    main()
