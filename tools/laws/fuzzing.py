#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of fuzzers: fuzzing.py | fuzzing.py --self-test

Every file that a CMakeLists.txt names under FUZZ has a row in the table of
docs/reference/fuzzing.md and a corpus in tests/fuzz/corpus, and the other way round; the corpora
stay small.
"""

import posixpath
import re

from repository import ROOT, Repository, Violation, arguments, expect, report

PAGE = "docs/reference/fuzzing.md"
CORPUS = "tests/fuzz/corpus/"
CORPORA_BYTES_MAX = 300_000


def declared(repository):
    """{target: its source}, from every perdure_module with FUZZ."""
    found = {}
    for path in repository.paths("CMakeLists.txt"):
        text = re.sub(r"#[^\n]*", "", repository.text(path))
        for module in re.finditer(r"perdure_module\((\w+)([^)]*)\)", text):
            words = re.search(r"\bFUZZ\b((?:\s+[\w./]+_fuzz\.cc)+)", module.group(2))
            for source in words.group(1).split() if words else []:
                stem = posixpath.basename(source)[:-len(".cc")]
                found[f"{module.group(1)}_{stem}"] = posixpath.join(posixpath.dirname(path), source)
    return found


def check(repository, size_of):
    sources = declared(repository)
    rows = dict(re.findall(r"^\| `(\w+)` \| \[[^\]]*\]\(\.\./\.\./([^)]+)\)",
                           repository.text(PAGE), re.MULTILINE))
    corpora = {path[len(CORPUS):].split("/")[0] for path in repository.paths()
               if path.startswith(CORPUS)}
    for target, source in sources.items():
        if rows.get(target) != source:
            yield Violation(PAGE, 1, f"the table has no row for `{target}` with {source}")
        if target not in corpora:
            yield Violation(source, 1, f"has no corpus: put an input into {CORPUS}{target}")
    for target in sorted((set(rows) | corpora) - set(sources)):
        yield Violation(PAGE, 1, f"`{target}` has a row or a corpus, but no FUZZ names it")
    total = sum(size_of(path) for path in repository.paths() if path.startswith(CORPUS))
    if total > CORPORA_BYTES_MAX:
        yield Violation(CORPUS, 1, f"{total} bytes; at most {CORPORA_BYTES_MAX}")


def self_test():
    repository = Repository({
        "src/a/CMakeLists.txt": "perdure_module(a\n  SOURCES a.cc\n  FUZZ x_fuzz.cc in/y_fuzz.cc)\n"
                                "# perdure_module(b FUZZ z_fuzz.cc)\n",
        PAGE: "| `a_x_fuzz` | [a](../../src/a/x_fuzz.cc) | t |\n"
              "| `a_old_fuzz` | [a](../../src/a/old_fuzz.cc) | t |\n",
        CORPUS + "a_x_fuzz/1": "",
        CORPUS + "a_gone_fuzz/1": "",
    })
    expect(check(repository, lambda _: CORPORA_BYTES_MAX),
           ["no row for `a_y_fuzz` with src/a/in/y_fuzz.cc", "src/a/in/y_fuzz.cc:1: has no corpus",
            "`a_old_fuzz` has a row", "`a_gone_fuzz` has a row", f"{CORPUS}:1: 600000 bytes"])


def main():
    is_self_test, _ = arguments(__doc__, 0)
    if is_self_test:
        self_test()
        return
    report(list(check(Repository.on_disk(), lambda path: (ROOT / path).stat().st_size)))


if __name__ == "__main__":
    main()
