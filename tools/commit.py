#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The commit that is tried, as records of runs name it: with '-dirty' if a tracked file differs
from it. The records themselves and their page may: runs that follow each other add to them.
"""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
THE_LEDGER_ITSELF = (":!verification", ":!VERIFICATION.md")


def git(*words):
    return subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=ROOT, capture_output=True,
                          text=True, check=False)


def name():
    head = git("rev-parse", "--short", "HEAD")
    if head.returncode != 0:
        return "unknown"
    is_dirty = git("diff", "--quiet", "HEAD", "--", ".", *THE_LEDGER_ITSELF).returncode != 0
    return head.stdout.strip() + ("-dirty" if is_dirty else "")


if __name__ == "__main__":
    print(name())
