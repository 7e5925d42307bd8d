#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Do several builds of the simulator run the same seeds alike? same_hashes.py PROGRAM OTHER...

A seed is only worth keeping if it means the same everywhere: whatever compiler, whatever
optimisation. Programs that are not there are left out; with only one left, the check is skipped
(exit status 77).
"""

import pathlib
import subprocess
import sys

SEEDS = 60


def hashes(program):
    run = subprocess.run([program, "--hashes", "--seeds", str(SEEDS), "--jobs", "1"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{program} failed:\n{run.stdout}{run.stderr}")
    return run.stdout.splitlines()


def main():
    there = [path for path in sys.argv[1:] if pathlib.Path(path).exists()]
    if len(there) < 2:
        print("skipped: there is one build of the simulator only")
        return 77
    first = hashes(there[0])
    for other in there[1:]:
        for mine, its in zip(first, hashes(other), strict=True):
            if mine != its:
                print(f"{there[0]} has seed and hash {mine}, {other} has {its}")
                return 1
    print(f"{len(there)} builds ran {SEEDS} seeds alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())
