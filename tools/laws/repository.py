# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What every law needs: the files of the repository, C++ text without comments, a way to report.

A law is a function from a Repository to a list of Violation. `main` runs it, prints one line for
each violation (file:line: what is wrong and the way out) and exits with 1 if there was one. Each
law has a self-test that plants violations in a made-up repository and requires that each is found.
"""

import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "sdk", "cli", "examples", "sim", "bench", "tests", "tools")


class Violation(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Repository:
    """Paths (relative, with /) and their text. Read-only."""

    def __init__(self, files):
        self._files = files

    @staticmethod
    def on_disk(root=ROOT):
        return Repository({path: None for path in list_files(root)})

    def paths(self, *suffixes):
        return sorted(p for p in self._files if not suffixes or p.endswith(suffixes))

    def code(self):
        """Every C++ file below the code folders."""
        return [p for p in self.paths(".h", ".cc") if p.split("/")[0] in CODE_FOLDERS]

    def has(self, path):
        return path in self._files

    def has_folder(self, path):
        return any(p.startswith(path.rstrip("/") + "/") for p in self._files)

    def text(self, path):
        if self._files[path] is None:
            self._files[path] = (ROOT / path).read_text(encoding="utf-8")
        return self._files[path]


def list_files(root):
    """Tracked files and new ones that are not ignored; without git, everything but build/."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "-co",
               "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        found = [path for path in listed.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        found = [p.relative_to(root).as_posix() for p in root.rglob("*")]
        found = [p for p in found if not p.startswith(("build/", ".git/"))]
    return sorted({path for path in found if (root / path).is_file()})


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)


def strip(code, keep_strings=False):
    """The code with comments (and the insides of strings) blanked; lines keep their numbers."""

    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        if keep_strings:
            return token
        if token.startswith("'"):
            return "' '" + " " * (len(token) - 3)
        return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'

    return _TOKEN.sub(blank, code)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(violations):
    for violation in sorted(violations):
        print(violation)
    if violations:
        print(f"{len(violations)} violations", file=sys.stderr)
        sys.exit(1)


def arguments(usage, count):
    """(is it the self-test, the other arguments). Prints the usage unless there are `count`."""
    given = sys.argv[1:]
    is_self_test = given[:1] == ["--self-test"]
    rest = given[1:] if is_self_test else given
    if any(word.startswith("-") for word in rest) or (not is_self_test and len(rest) != count):
        print(usage.strip(), file=sys.stderr)
        sys.exit(0 if "--help" in rest else 2)
    return is_self_test, rest


def expect(found, wanted):
    """Self-test: every wanted text is in some violation, and there is no violation beside them."""
    lines = [str(violation) for violation in found]
    missing = [text for text in wanted if not any(text in line for line in lines)]
    unwanted = [line for line in lines if not any(text in line for text in wanted)]
    for text in missing:
        print(f"self-test: not found: {text}", file=sys.stderr)
    for line in unwanted:
        print(f"self-test: found by mistake: {line}", file=sys.stderr)
    if missing or unwanted:
        sys.exit(1)
    print(f"self-test: all {len(wanted)} planted violations found, nothing else")
