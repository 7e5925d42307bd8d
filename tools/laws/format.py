#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of layout: format.py | format.py --self-test

Every C++ file is as clang-format writes it (./dev format does), and .editorconfig says the same
numbers as .clang-format.
"""

import pathlib
import re
import subprocess
import tempfile

from repository import ROOT, Repository, Violation, arguments, expect, report

CLANG_FORMAT = "clang-format-19"


def check_layout(root, paths):
    if not paths:
        return
    style = f"--style=file:{ROOT}/.clang-format"
    ran = subprocess.run([CLANG_FORMAT, "--dry-run", "--ferror-limit=1", style, *paths], cwd=root,
                         capture_output=True, text=True)
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): code should be clang-formatted",
                             ran.stderr, re.MULTILINE):
        yield Violation(match.group(1), int(match.group(2)),
                        "not as clang-format writes it; run ./dev format")
    if ran.returncode not in (0, 1) or (ran.returncode and "clang-formatted" not in ran.stderr):
        yield Violation(".clang-format", 1, ran.stderr.strip().splitlines()[0])


def check_agreement(editorconfig, clang_format):
    """Both files, as text: the columns and the C++ indent are one number each."""
    columns = re.search(r"^ColumnLimit: (\d+)$", clang_format, re.MULTILINE).group(1)
    indent = re.search(r"^IndentWidth: (\d+)$", clang_format, re.MULTILINE)
    indent = indent.group(1) if indent else "2"  # of the Google base
    section = re.search(r"^\[\*\.\{cc,h\}\]\n((?:(?!\[).*\n?)*)", editorconfig, re.MULTILINE)
    told = dict(re.findall(r"^(\w+) *= *(\w+)$", section.group(1) if section else "", re.MULTILINE))
    for name, wanted in (("max_line_length", columns), ("indent_size", indent)):
        if told.get(name) != wanted:
            yield Violation(".editorconfig", 1, f"[*.{{cc,h}}] {name} = {told.get(name)}, "
                                                f"but .clang-format says {wanted}")


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "good.cc").write_text("int a;\n", encoding="utf-8")
        (root / "bad.cc").write_text("int   a ;\n", encoding="utf-8")
        expect(check_layout(root, ["good.cc", "bad.cc"]), ["bad.cc:1: not as clang-format"])
    editorconfig = "[*.{cc,h}]\nindent_size = 4\nmax_line_length = 100\n"
    expect(check_agreement(editorconfig, "ColumnLimit: 100\n"), ["indent_size = 4"])


def main():
    is_self_test, _ = arguments(__doc__, 0)
    if is_self_test:
        self_test()
        return
    repository = Repository.on_disk()
    found = list(check_layout(ROOT, repository.paths(".h", ".cc")))
    found += check_agreement(repository.text(".editorconfig"), repository.text(".clang-format"))
    report(found)


if __name__ == "__main__":
    main()
