#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of headers: headers.py BUILD | headers.py --self-test

Every header compiles alone. The public ones of the SDK compile alone as C++20, with Clang and with
GCC. What compiled is remembered in BUILD/headers, so that only headers that changed, or whose
includes changed, are compiled again.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import tempfile

from repository import ROOT, Repository, Violation, arguments, expect, report

CLANG, GCC = "clang++-19", "g++"
INTERNAL = ["-std=c++23", "-Isrc", "-Iapi", "-Isdk/cpp/include", "-Isdk/cpp/src", "-Isdk/cpp/tests",
            "-Iexamples", "-Isim"]
PUBLIC = ["-std=c++20", "-Isdk/cpp/include"]
WARNINGS = {
    CLANG: ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror",
            "-Wno-missing-designated-field-initializers"],
    GCC: ["-Wall", "-Wextra", "-Wpedantic", "-Wno-missing-field-initializers", "-Werror",
          "-DPERDURE_ACCEPT_GCC12_COROUTINES"],
}
PUBLIC_FOLDER = "sdk/cpp/include/"


def jobs_of(paths):
    """(header, compiler, options) for each compilation."""
    for path in paths:
        if path.startswith(PUBLIC_FOLDER):
            yield path, CLANG, PUBLIC
            yield path, GCC, PUBLIC
        else:
            yield path, CLANG, INTERNAL


def is_fresh(stamp, root):
    if not stamp.exists():
        return False
    made = stamp.stat().st_mtime
    needed = stamp.read_text(encoding="utf-8").replace("\\\n", " ").split(":", 1)[1].split()
    files = [root / name for name in needed]
    return all(file.exists() and file.stat().st_mtime < made for file in files)


def compile_alone(job, root, stamps):
    """None, or the Violation that the header is. A stamp is the list of files that it read."""
    path, compiler, options = job
    command = [compiler, "-fsyntax-only", *options, *WARNINGS[compiler]]
    key = hashlib.sha256("\0".join([*command, path]).encode()).hexdigest()[:24]
    stamp = stamps / f"{key}.d"
    if is_fresh(stamp, root):
        return None
    # The header is included, as its users do, and twice: it must guard itself.
    unit = f'#include "{path}"\n#include "{path}"\n'
    draft = stamps / f"{key}.new"
    ran = subprocess.run([*command, "-I.", "-MMD", "-MF", draft, "-MT", "stamp", "-x", "c++", "-"],
                         cwd=root, input=unit, capture_output=True, text=True)
    if ran.returncode == 0:
        draft.replace(stamp)
        return None
    draft.unlink(missing_ok=True)
    errors = [line for line in ran.stderr.splitlines() if "error:" in line]
    return Violation(path, 1, f"does not compile alone with {compiler} {options[0]}: "
                              f"{(errors or ['?'])[0]}")


def check(paths, root, stamps, generated=()):
    """`generated`: options for headers that the build made."""
    stamps.mkdir(parents=True, exist_ok=True)
    jobs = [(path, compiler, [*options, *(generated if options is INTERNAL else ())])
            for path, compiler, options in jobs_of(paths)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda job: compile_alone(job, root, stamps), jobs)
        return [violation for violation in found if violation]


def self_test():
    files = {
        "src/alone.h": "#pragma once\n#include <string>\ninline std::string a;\n",
        "src/needs.h": "#pragma once\ninline std::string a;\n",
        PUBLIC_FOLDER + "modern.h": "#pragma once\n#include <expected>\n"
                                    "inline std::expected<int, int> a;\n",
        PUBLIC_FOLDER + "good.h": "#pragma once\n#include <string>\nstruct B { std::string a; };\n",
        PUBLIC_FOLDER + "twice.h": "struct A {};\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        for _ in range(2):  # what failed is not remembered as good
            expect(check(files, root, root / "stamps"), [
                "src/needs.h:1: does not compile alone with clang++-19",
                "modern.h:1: does not compile alone with clang++-19 -std=c++20",
                "modern.h:1: does not compile alone with g++ -std=c++20",
                "twice.h:1: does not compile alone with clang++-19",
                "twice.h:1: does not compile alone with g++",
            ])


def main():
    is_self_test, rest = arguments(__doc__, 1)
    if is_self_test:
        self_test()
        return
    # Headers under tests/fail are parts of programs that must not compile.
    code = Repository.on_disk().code()
    paths = [path for path in code if path.endswith(".h") and "/fail/" not in path]
    build = pathlib.Path(rest[0]).resolve()
    report(check(paths, ROOT, build / "headers", ["-isystem", str(build / "proto")]))


if __name__ == "__main__":
    main()
