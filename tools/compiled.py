#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""compiled.py BUILD_FOLDER < paths: prints those of the paths that the build compiles."""

import json
import os
import sys


def main():
    with open(os.path.join(sys.argv[1], "compile_commands.json"), encoding="utf-8") as file:
        compiled = {os.path.realpath(entry["file"]) for entry in json.load(file)}
    for line in sys.stdin:
        path = line.strip()
        if path and os.path.realpath(path) in compiled:
            print(path)


if __name__ == "__main__":
    main()
