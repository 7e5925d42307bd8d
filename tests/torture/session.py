# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What every method of torture shares: the subject as a process, folders, a seed, limits, counts.

A method is a module with NAME, SUMMARY, MUTANTS and run(session). It repeats its fault while
session.more(), and raises Violation when a promise was broken, or Skip when it can not run here.
"""

import contextlib
import dataclasses
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

KILLED = -9
SUBJECT_SECONDS_MAX = 400  # of one process that is waited for; it has nothing to wait for itself
TERMINAL_COLUMNS = 100

# How the exit statuses of api/exit_status.h are called here.
OK, BROKEN, FOREIGN, CORRUPT, FULL, NOT_NOW, STORE_LOST = 0, 1, 7, 8, 9, 10, 75


class Skip(Exception):
    """The method can not run here; the text says what is missing."""


class Violation(Exception):
    """A promise was broken; the text says which."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A fault of the store, or of the subject, that a method must notice."""
    summary: str
    arguments: tuple = ()  # of the subject
    environment: tuple = ()  # of the subject, as pairs


MUTANTS = {
    "early_acknowledgement": Mutant(
        "answers are reported before the client has them",
        arguments=("--mutant", "early_acknowledgement")),
    "event_twice": Mutant(
        "every event is raised twice",
        arguments=("--mutant", "event_twice")),
    "no_sync": Mutant(
        "syncs do nothing and succeed",
        environment=(("TORTURE_SYNC", "skip"),)),
    "hidden_sync_error": Mutant(
        "failed syncs are reported as done",
        environment=(("TORTURE_SYNC", "hide"),)),
    "hidden_full_disk": Mutant(
        "writes that found no space are reported as done",
        environment=(("TORTURE_WRITE", "hide"),)),
    "forged_record": Mutant(
        "records of the log are changed together with their checksums"),
    "forged_answer": Mutant(
        "an acknowledged result is not the one that the store has"),
}


@dataclasses.dataclass
class Counts:
    loops: int = 0
    faults: int = 0
    recoveries: int = 0


class Place:
    """A store and its ledger. The ledger is in memory: what happens to the disk of the store does
    not happen to it."""

    def __init__(self, store, ledger):
        self.store = pathlib.Path(store)
        self.ledger = pathlib.Path(ledger)


class Session:
    def __init__(self, build, name, seed, loops, seconds=None, mutant=None):
        self.build = pathlib.Path(build)
        self.name = name
        self.seed = seed
        self.loops_max = loops
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.mutant = mutant
        self.counts = Counts()
        self.random = random.Random(f"{name} {seed}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"torture-{name}-", dir=self.work()))
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.memory = pathlib.Path(tempfile.mkdtemp(prefix=f"torture-{name}-", dir=memory))
        self.places = 0
        self.program = None  # the last subject
        self.stderr = open(self.folder / "stderr", "a+", encoding="utf-8")  # of every subject

    def work(self):
        folder = self.build / "torture"
        folder.mkdir(exist_ok=True)
        return folder

    # --- the loop -----------------------------------------------------------------------------

    def more(self):
        """Whether to do another loop; counts it."""
        if self.counts.loops >= self.loops_max:
            return False
        if self.deadline is not None and time.monotonic() > self.deadline:
            return False
        self.counts.loops += 1
        self.show()
        return True

    def show(self):
        if sys.stderr.isatty():
            line = (f"{self.name}: loop {self.counts.loops}, {self.counts.faults} faults, "
                    f"{self.counts.recoveries} recoveries")
            print("\r" + line.ljust(TERMINAL_COLUMNS - 1), end="", file=sys.stderr, flush=True)

    def place(self, parent=None):
        """A store that does not exist yet."""
        self.places += 1
        return Place((parent or self.folder) / f"store-{self.places}",
                     self.memory / f"ledger-{self.places}")

    @contextlib.contextmanager
    def keeping(self, place):
        """If a promise is broken within, the store is copied to where it outlives its disk."""
        try:
            yield
        except Violation:
            shutil.copytree(place.store, self.folder / "store", ignore_dangling_symlinks=True)
            raise

    def forget(self, place):
        shutil.rmtree(place.store, ignore_errors=True)
        place.ledger.unlink(missing_ok=True)

    # --- the subject --------------------------------------------------------------------------

    def command(self, mode, place, *more):
        return [str(self.build / "tests" / "torture" / "torture_subject"), mode, "--data",
                str(place.store), "--ledger", str(place.ledger), *more]

    def environment(self, place, faults):
        """Of a subject: with the library that makes faults only if there are any to make."""
        chosen = dict(MUTANTS[self.mutant].environment if self.mutant else ())
        chosen.update({name: str(value) for name, value in faults.items()})
        if not chosen:
            return None
        library = self.build / "tests" / "torture" / "torture_faults.so"
        return {**os.environ, **chosen, "TORTURE_FOLDER": str(place.store),
                "LD_PRELOAD": str(library)}

    def begin(self, mode, place, **faults):
        """A subject that runs; its seed is the next one. The caller ends it."""
        arguments = MUTANTS[self.mutant].arguments if self.mutant else ()
        command = self.command(mode, place, "--seed", str(self.random.getrandbits(32)), *arguments)
        self.stderr.truncate(0)
        self.program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.stderr, env=self.environment(place, faults))
        return self.program

    def way_to_the_disk(self):
        """Faults for a subject: half of the stores can not be written past the cache."""
        return self.random.choice(({}, {"TORTURE_DIRECT": "refuse"}))

    def ended(self, program):
        """Waits for it; its exit status. Counts the recoveries that it told of."""
        try:
            output, _ = program.communicate(timeout=SUBJECT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            program.kill()
            program.communicate()
            raise Violation(f"did not end within {SUBJECT_SECONDS_MAX} seconds") from None
        self.counts.recoveries += output.count(b"verified")
        return program.returncode

    def said(self):
        """What the last subject wrote to stderr."""
        self.stderr.seek(0)
        return self.stderr.read().strip()

    def run(self, mode, place, **faults):
        return self.ended(self.begin(mode, place, **faults))

    def expect_killed(self, status):
        """It was killed, by us and by nothing else."""
        self.counts.faults += 1
        if status != KILLED:
            raise Violation(f"ended with status {status} before it was killed: {self.said()}")

    def recover(self, place):
        """Everything comes to its end, and everything that was acknowledged is there."""
        status = self.run("finish", place)
        if status != OK:
            raise Violation(f"recovery ended with status {status}: {self.said()}")

    def end_subject(self):
        """However a method ended: nothing of it runs on, or holds a disk."""
        if self.program is not None and self.program.poll() is None:
            self.program.kill()
            self.program.wait()

    def close(self, keep):
        self.end_subject()
        self.stderr.close()
        if keep:
            shutil.copytree(self.memory, self.folder / "memory", dirs_exist_ok=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.memory, ignore_errors=True)
