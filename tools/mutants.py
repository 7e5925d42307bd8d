#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Faults made on purpose, and whether the simulator notices them.

mutants.py --check | --self-test
mutants.py [NAME...] [--seeds N] [--jobs J] [--build DIR] [--record]

A mutant is a file sim/mutants/NAME.mutant: comments that say which real failure it repeats, the
invariant that it breaks, the file of the product that it changes, and the lines that go and come:

    # SPDX lines, and why
    breaks: I8
    file: src/core/transition.cc
    --- replace
    whole lines, which the file has exactly once
    --- by
    what stands there instead

The product itself is never changed: the mutated copy lies below build/mutants/NAME, is compiled
with the flags of the original, and is linked before the libraries that hold the original. The
simulator then runs from seed 1 until a seed breaks an invariant; a check that ends the process
tells too. The program without a mutation must pass the first seeds before, and that seed after.

--check: every mutant still applies. --record: adds what was seen to verification/records.jsonl.
--build: a folder that was configured with the preset `release`. Exit status 1: one escaped.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
from typing import NamedTuple

import commit

ROOT = pathlib.Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "sim" / "mutants"
OUTPUT = ROOT / "build" / "mutants"
RECORDS = ROOT / "verification" / "records.jsonl"
CONTROL = "control"  # the program without a mutation
CONTROL_SEEDS_MAX = 2_000
CHECK = "a check"  # stands for an invariant where the product itself noticed, and stopped
BATCH_FIRST, BATCH_MAX = 8, 512  # seeds of one process
CPU_SECONDS_MAX = 120  # of one process: one that takes longer never comes to rest
SEARCH_SECONDS_MAX = 600  # of processor time for one mutant
SPDX = ("# SPDX-FileCopyrightText: 2026 The Perdure authors",
        "# SPDX-License-Identifier: Apache-2.0")


class Malformed(Exception):
    """A mutant that can not be used; the text says why."""


class Failed(Exception):
    """Something that had to work did not; the text says what."""


class Mutant(NamedTuple):
    name: str
    why: str
    breaks: str
    file: str
    old: str
    new: str


class Seen(NamedTuple):
    """What a search came to. Without a seed nothing was noticed."""

    seed: int = 0
    invariants: tuple = ()
    what: str = ""
    seeds: int = 0
    seconds: float = 0.0  # of processor time


# ---- mutants as text -----------------------------------------------------------------------------


def parse(name, text):
    head, found, body = text.partition("--- replace\n")
    old, divided, new = body.partition("--- by\n")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or name == CONTROL:
        raise Malformed("a name is words with '-' between them")
    if not (found and divided):
        raise Malformed("has no '--- replace' followed by a '--- by'")
    fields, why = {}, []
    for line in head.splitlines():
        if line.startswith("#"):
            why.append(line.lstrip("# "))
        elif match := re.fullmatch(r"(breaks|file): (\S+)", line):
            fields[match.group(1)] = match.group(2)
        elif line:
            raise Malformed(f"an unknown line: {line}")
    if tuple(head.splitlines()[:2]) != SPDX or not any(why[2:]):
        raise Malformed("does not begin with the two SPDX lines and the failure that it repeats")
    if set(fields) != {"breaks", "file"}:
        raise Malformed("says not both 'breaks: I<number>' and 'file: <path>'")
    return Mutant(name, " ".join(filter(None, why[2:])), fields["breaks"], fields["file"], old, new)


def mutated(mutant, source):
    """The source with the mutation."""
    if not mutant.file.endswith(".cc"):
        raise Malformed(f"changes {mutant.file}, which is not one .cc file")
    if not mutant.old.endswith("\n") or not mutant.old.strip() or mutant.old == mutant.new:
        raise Malformed("replaces nothing, or by the same")
    before = "\n" + source  # so that only whole lines fit
    times = len(re.findall(f"(?={re.escape(chr(10) + mutant.old)})", before))
    if times != 1:
        raise Malformed(f"{mutant.file} has its lines {times} times, not once; renew the mutant")
    return before.replace("\n" + mutant.old, "\n" + mutant.new)[1:]


def invariants_in(header):
    return set(re.findall(r'\{Invariant::\w+, "(I\d+)"', header))


def faults_of(texts, source_of, invariants):
    """One line for each mutant that is wrong. `source_of`: the text of a path, or nothing."""
    faults = []
    for name, text in sorted(texts.items()):
        try:
            mutant = parse(name, text)
            if mutant.breaks not in invariants:
                raise Malformed(f"breaks {mutant.breaks}, which sim/invariants.h does not have")
            source = source_of(mutant.file)
            if source is None:
                raise Malformed(f"there is no {mutant.file}")
            mutated(mutant, source)
        except Malformed as malformed:
            faults.append(f"sim/mutants/{name}.mutant:1: {malformed}")
    return faults


def source_on_disk(path):
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else None


def check():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in MUTANTS.glob("*.mutant")}
    faults = faults_of(texts, source_on_disk, invariants_in(source_on_disk("sim/invariants.h")))
    if not texts:
        faults.append("sim/mutants:1: there is no mutant")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def load(names):
    mutants = []
    for name in names or sorted(path.stem for path in MUTANTS.glob("*.mutant")):
        path = MUTANTS / f"{name}.mutant"
        if not path.is_file():
            raise Failed(f"there is no mutant '{name}' in sim/mutants")
        try:
            mutants.append(parse(name, path.read_text(encoding="utf-8")))
        except Malformed as malformed:
            raise Failed(f"{path.relative_to(ROOT)}: {malformed}") from None
    return mutants


# ---- building a mutated simulator ----------------------------------------------------------------


class Build:
    """Knows how the simulator is compiled and linked in a build folder. Read-only after `make`."""

    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "bin" / "sim"
        self.commands = {}
        self.link = []

    def make(self, jobs):
        run(["ninja", "-C", str(self.folder), f"-j{jobs}", "sim"])
        with open(self.folder / "compile_commands.json", encoding="utf-8") as file:
            for entry in json.load(file):
                self.commands.setdefault(os.path.realpath(entry["file"]), entry)
        told = run(["ninja", "-C", str(self.folder), "-t", "commands", "-s", "bin/sim"])
        link = [line for line in told.splitlines() if " -o bin/sim " in line][-1]
        self.link = [word for word in shlex.split(link) if word not in (":", "&&")]

    def mutate(self, mutant):
        """The program with the mutation."""
        folder = OUTPUT / mutant.name
        folder.mkdir(parents=True, exist_ok=True)
        path = ROOT / mutant.file
        copy, item = folder / path.name, folder / (path.name + ".o")
        copy.write_text(mutated(mutant, path.read_text(encoding="utf-8")), encoding="utf-8")
        entry = self.commands.get(os.path.realpath(path))
        if entry is None:
            raise Failed(f"{mutant.file} is not compiled in {self.folder}")
        words = shlex.split(entry["command"])
        # Beside the original it may include what lies beside it; and what it leaves unused is fine.
        words[words.index("-o") + 1] = str(item)
        words[words.index("-c") + 1] = str(copy)
        run(words + ["-w", "-iquote", str(path.parent)], entry["directory"])
        program = folder / "sim"
        words = list(self.link)
        words[words.index("-o") + 1] = str(program)
        first_library = next(i for i, word in enumerate(words) if word.endswith(".a"))
        run(words[:first_library] + [str(item)] + words[first_library:], self.folder)
        return program


def run(words, folder=ROOT):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-2_000:]
        raise Failed(f"failed: {shlex.join(map(str, words))}\n{said}")
    return done.stdout


# ---- looking for a seed --------------------------------------------------------------------------


def run_seeds(program, first, count, log):
    """(exit status, what it printed, processor seconds) of the seeds in one process."""
    words = ["prlimit", f"--cpu={CPU_SECONDS_MAX}", "--core=0", str(program), "--jobs", "1",
             "--from", str(first), "--seeds", str(count), "--stop-at-first"]
    with open(log, "w+", encoding="utf-8", errors="replace") as out:
        with subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return process.returncode, out.read(), usage.ru_utime + usage.ru_stime


def told(text):
    """(seed, invariants, first sentence) that the simulator printed."""
    seed = re.search(r"^seed (\d+) breaks$", text, re.MULTILINE)
    breaches = re.findall(r"^  (I\d+) +(.*)$", text, re.MULTILINE)
    invariants = sorted({one for one, _ in breaches}, key=lambda one: int(one[1:]))
    return int(seed.group(1)), tuple(invariants), breaches[0][1]


def died(status, text):
    """How a process ended that a signal ended."""
    said = [line for line in text.splitlines() if line.strip() and not line.startswith("sim: in ")]
    is_hung = status == -24  # SIGXCPU
    return "a seed never ends" if is_hung else (said or [f"signal {-status}"])[-1].strip()


def search(program, seeds_max, log):
    """Runs seeds from 1 on, in batches that grow, until something is noticed."""
    first, batch, seconds = 1, BATCH_FIRST, 0.0
    while first <= seeds_max and seconds < SEARCH_SECONDS_MAX:
        count = min(batch, seeds_max - first + 1)
        status, text, took = run_seeds(program, first, count, log)
        seconds += took
        if status == 1:
            seed, invariants, what = told(text)
            return Seen(seed, invariants, what, seed, seconds)
        if status < 0 and count > 1:
            batch = 1  # one at a time, to find which it was
            continue
        if status < 0:
            return Seen(first, (CHECK,), died(status, text), first, seconds)
        if status != 0:
            raise Failed(f"{program} ended with {status}: {text[-500:]}")
        first += count
        batch = min(2 * batch, BATCH_MAX)
    return Seen(seeds=first - 1, seconds=seconds)


def try_mutant(build, mutant, seeds):
    program = build.mutate(mutant)
    log = OUTPUT / mutant.name / "sim.log"
    seen = search(program, seeds, log)
    program.unlink()
    if seen.seed:
        status, _, _ = run_seeds(build.program, seen.seed, 1, log.with_name("original.log"))
        if status != 0:
            raise Failed(f"{mutant.name}: seed {seen.seed} breaks without the mutation too")
    return seen


def show(mutant, seen):
    by_other = mutant.breaks not in seen.invariants and seen.invariants != (CHECK,)
    says = "ESCAPED" if not seen.seed else "BY OTHER" if by_other else "CAUGHT"
    invariants = ",".join(seen.invariants)
    print(f"{mutant.name:<34} {mutant.breaks:<8} {invariants:<14} {seen.seed or '':>7} "
          f"{seen.seconds:>8.1f}  {says:<8}  {seen.what[:90]}", flush=True)


def result_of(tried):
    """What a search came to; a mutant that could not be tried is not caught, and says why."""
    try:
        return tried.result()
    except Failed as failure:
        return Seen(what=str(failure).replace("\n", " "))


def record(mutant, seen):
    line = {"kind": "mutant", "name": mutant.name, "by": "sim", "seed": seen.seed,
            "seconds": round(seen.seconds, 1), "commit": commit.name(),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "invariant": ", ".join(seen.invariants)}
    with open(RECORDS, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def run_all(options):
    mutants = load(options.names)
    build = Build(pathlib.Path(options.build).resolve())
    build.make(options.jobs)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    control = search(build.program, min(options.seeds, CONTROL_SEEDS_MAX), OUTPUT / "control.log")
    if control.seed:
        raise Failed(f"without a mutation seed {control.seed} breaks: {control.what}")
    print(f"{'mutant':<34} {'breaks':<8} {'told':<14} {'seed':>7} {'seconds':>8}")
    escaped = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tried = {pool.submit(try_mutant, build, mutant, options.seeds): mutant
                 for mutant in mutants}
        for one in concurrent.futures.as_completed(tried):
            mutant, seen = tried[one], result_of(one)
            show(mutant, seen)
            if not seen.seed:
                escaped += 1
            elif options.record:
                record(mutant, seen)
    if options.record:
        run([sys.executable, "-B", str(ROOT / "tools" / "ledger.py")])
    print(f"{len(mutants) - escaped} of {len(mutants)} caught; without a mutation "
          f"{control.seeds} seeds hold")
    return 1 if escaped else 0


# ---- the program ---------------------------------------------------------------------------------


def self_test():
    def text(old, new, breaks="I1", why="# a real failure", file="src/a.cc"):
        return "\n".join((*SPDX, why, f"breaks: {breaks}", f"file: {file}", "--- replace", old,
                          "--- by", new, ""))

    sources = {"src/a.cc": "one\ntwo two\none more\nlast\nlast\n", "src/a.h": "one\n"}
    good = parse("good", text("two two\none more", "three"))
    planted = {"good": text("one", "1"), "absent": text("two", "2"), "twice": text("last", "1"),
               "same": text("one", "one"), "gone": text("one", "1", file="src/b.cc"),
               "header": text("one", "1", file="src/a.h"), "unknown": text("one", "1", "I99"),
               "silent": text("one", "1", why="#"), "no-end": text("one", "1")[:-20],
               "Bad_name": text("one", "1")}
    faults = faults_of(planted, sources.get, {"I1"})
    missing = [name for name in planted if name != "good" and
               not any(f"/{name}.mutant" in fault for fault in faults)]
    output = "seed 7 breaks\n  I18  it stays\n  I2   half of it\n  to see it: ./dev sim --seed 7\n"
    wrong = {"the mutated text": mutated(good, sources["src/a.cc"]) != "one\nthree\nlast\nlast\n",
             "a good mutant": any("/good.mutant" in fault for fault in faults),
             "what a run says": told(output) != (7, ("I2", "I18"), "it stays"),
             "invariants": invariants_in('{Invariant::kX, "I4", "s"},') != {"I4"}}
    missing += [name for name, is_wrong in wrong.items() if is_wrong]
    for name in missing:
        print(f"self-test: wrong: {name}", file=sys.stderr)
    if not missing:
        print(f"self-test: all {len(planted) - 1} planted faults found")
    return 1 if missing else 0


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--build", default=str(ROOT / "build" / "release"))
    parser.add_argument("--record", action="store_true")
    try:
        return run_all(parser.parse_args())
    except (Failed, Malformed) as failure:
        print(f"mutants: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
