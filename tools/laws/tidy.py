#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of tidiness: tidy.py | tidy.py --self-test

Lines of 100 columns; the SPDX header; every C++ file listed in a build file; no leftover markers,
dumping-ground folders, paths of one machine, or identifiers that have a better replacement; links
of the documentation resolve; coroutine code keeps to one co_await a statement, in safe places.
"""

import posixpath
import re
import urllib.parse

from repository import Repository, Violation, arguments, expect, line_of, report, strip

COLUMNS = 100
SPDX = ("SPDX-FileCopyrightText: 2026 The Perdure authors", "SPDX-License-Identifier: Apache-2.0")
SOURCE_SUFFIXES = (".h", ".cc", ".py", ".cmake", ".sh", ".go", ".java", ".js", ".mjs", ".capnp",
                   "CMakeLists.txt")
TODO_KINDS = ("store", "engine", "sdk", "cluster", "performance", "test", "docs")
DUMPING_GROUND = re.compile(r"(^|/)(utils?|common|helpers?|misc)/")
MAY_HAVE_TABS = (".md", ".txt", ".go", "go.mod")  # gofmt indents with them
THIS_FILE = "tools/laws/tidy.py"  # names what it looks for

MARKERS = [
    (re.compile(r"\b(FIXME|XXX|HACK|WIP)\b"), "finish it, or write TODO(kind): what and why"),
    (re.compile(r"\bTODO\b(?!\((?:" + "|".join(TODO_KINDS) + r")\): \S)"),
     f"write TODO(kind): with a kind of {', '.join(TODO_KINDS)}"),
    (re.compile(r"(?<![\w.<>$}])/(?:work|home|root|Users)/\w"),
     "a path of one machine; make it relative or an argument"),
    (re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE), "a merge conflict"),
]
BANNED_IN_CPP = [
    (re.compile(r"\busing\s+namespace\b(?!\s+[\w:]*literals\b)"), "name what you use"),
    (re.compile(r"(?<![\w.])assert\s*\("), "PERDURE_CHECK, on in every build"),
    (re.compile(r"\bstd::endl\b"), "'\\n'"),
    (re.compile(r"\bNULL\b"), "nullptr"),
    (re.compile(r"#\s*include\s*<(?:format|print|generator)>"),
     "fmt; the standard library of record has none"),
    (re.compile(r"\.detach\(\)"), "join it: nothing outlives its owner"),
    (re.compile(r"\bgoto\b"), "a function or a loop"),
]
BANNED_IN_TESTS = [
    (re.compile(r"\bsleep_(?:for|until)\b|\busleep\b|\bnanosleep\b"),
     "wait for the event, not for time"),
    (re.compile(r"\bEXPECT_TRUE\(true\)|\bASSERT_TRUE\(true\)|\bSUCCEED\(\)"),
     "an assertion that cannot fail"),
]


def check_text(repository, path):
    text = repository.text(path)
    for number, line in enumerate(text.split("\n"), 1):
        is_code = path.endswith((".h", ".cc", ".py", ".go", ".java", ".mjs", "CMakeLists.txt",
                                 ".cmake"))
        if is_code and len(line) > COLUMNS and not re.search(r"https?://\S+$", line):
            yield Violation(path, number, f"{len(line)} columns; at most {COLUMNS}")
        if line != line.rstrip() and not path.endswith(".md"):
            yield Violation(path, number, "blanks at the end of the line")
        if "\t" in line and not path.endswith(MAY_HAVE_TABS):
            yield Violation(path, number, "a tab; indent with spaces")
    if text and not text.endswith("\n"):
        yield Violation(path, line_of(text, len(text)), "no newline at the end of the file")
    if path != THIS_FILE:
        for pattern, way_out in MARKERS:
            for match in pattern.finditer(text):
                yield Violation(path, line_of(text, match.start()),
                                f"'{match.group(0).strip()}': {way_out}")
    if path.endswith(SOURCE_SUFFIXES) or text.startswith("#!"):
        head = text[:400]
        if not all(line in head for line in SPDX):
            yield Violation(path, 1, "does not begin with the two SPDX lines")
    if DUMPING_GROUND.search(path):
        yield Violation(path, 1, "no folder is called util, common, helpers or misc; "
                                 "name what it is about")


def has_header_of(repository, path):
    """Beside it, or the public one of the same name."""
    name = "/" + posixpath.basename(path)[:-3] + ".h"
    top = path.split("/")[0] + "/"
    return any(p.startswith(top) and p.endswith(name) for p in repository.paths(".h"))


def check_cpp(repository, path):
    text = repository.text(path)
    code = strip(text)
    is_test = re.search(r"_test\.cc$", path) is not None
    for pattern, way_out in BANNED_IN_CPP + (BANNED_IN_TESTS if is_test else []):
        for match in pattern.finditer(code):
            yield Violation(path, line_of(code, match.start()), f"'{match.group(0)}': {way_out}")
    if path.endswith(".h") and not re.search(r"^#pragma once$", code, re.MULTILINE):
        yield Violation(path, 1, "a header says #pragma once")
    has_header = path.endswith(".cc") and has_header_of(repository, path)
    if not is_test and not has_header:
        body = text.split("\n")[2:6]
        if not any(re.match(r"\s*(//|/\*).*\w", line) for line in body):
            yield Violation(path, 3, "after the SPDX lines, say what the file is for")


def check_listed(repository):
    """Every C++ file is a word of a CMakeLists.txt at or above its folder."""
    lists = {}
    for path in repository.paths("CMakeLists.txt"):
        lists[posixpath.dirname(path)] = set(re.findall(r"[\w./+-]+", repository.text(path)))
    for path in repository.code():
        folder = posixpath.dirname(path)
        while True:
            if folder in lists and posixpath.relpath(path, folder or ".") in lists[folder]:
                break
            if not folder:
                yield Violation(path, 1, "is listed in no CMakeLists.txt: list it or delete it")
                break
            folder = posixpath.dirname(folder)


BLOCKS = re.DOTALL | re.MULTILINE


def heading_anchor(heading):
    heading = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading))


def without_code_blocks(text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return re.sub(r"`[^`\n]+`", blank, re.sub(r"^```.*?^```", blank, text, flags=BLOCKS))


def check_links(repository, path):
    text = repository.text(path)
    for match in re.finditer(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", without_code_blocks(text)):
        link = match.group(1)
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        file, _, anchor = urllib.parse.unquote(link).partition("#")
        target = posixpath.join(posixpath.dirname(path), file) if file else path
        target = posixpath.normpath(target)
        if not (repository.has(target) or repository.has_folder(target)):
            yield Violation(path, line_of(text, match.start()), f"the link {link} leads nowhere")
        elif anchor and target.endswith(".md"):
            plain = re.sub(r"^```.*?^```", "", repository.text(target), flags=BLOCKS)
            headings = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
            if anchor not in map(heading_anchor, headings):
                yield Violation(path, line_of(text, match.start()),
                                f"no heading of {target} is #{anchor}")


def check_said_once(repository):
    """The version in the headers is the one of the build; the map's folders are there."""
    build, header = "CMakeLists.txt", "sdk/cpp/include/perdure/version.h"
    if repository.has(build) and repository.has(header):
        version = re.search(r"project\(perdure VERSION ([\d.]+)", repository.text(build)).group(1)
        if f'kVersion = "{version}"' not in repository.text(header):
            yield Violation(header, 1, f"kVersion is not {version}, which {build} says")
    architecture = "ARCHITECTURE.md"
    if repository.has(architecture):
        text = repository.text(architecture)
        for match in re.finditer(r"^\| `([\w/]+)` \|", text, re.MULTILINE):
            if not repository.has_folder(match.group(1)):
                yield Violation(architecture, line_of(text, match.start()),
                                f"there is no folder {match.group(1)}")


# --- coroutines -----------------------------------------------------------------------------------


def opens_block(before):
    """Whether a '{' after this text of the statement begins a block, not an initializer list."""
    before = before.rstrip()
    if not before or before[-1] in ";{}:":
        return True
    if re.search(r"\b(else|do|try|const|noexcept|override|final|mutable)$", before):
        return True
    if re.search(r"\)\s*(mutable|noexcept|const|\s)*->\s*[^()=]+$", before):
        return True
    declares = re.match(r"(struct|class|enum|namespace|union|extern|requires)\b", before)
    return before.endswith(")") or declares is not None


def statement_faults(text):
    """What is wrong with one statement that contains a co_await."""
    if len(re.findall(r"\bco_await\b", text)) > 1:
        yield "two co_await in one statement; give the first one a name"
    if re.search(r"\s(&&|\|\|)\s|\s(and|or)\s", re.sub(r"<[^<>]*>", "", text)):
        yield "co_await beside && or ||; await first, then ask"
    if re.search(r"\?.*\bco_await\b.*:|\bco_await\b.*\?.*:", re.sub("::", "", text), re.DOTALL):
        yield "co_await in a conditional expression; write if and else"
    if re.search(r"\bauto\s*&{0,2}\s*\[[^\]]*\]\s*=\s*co_await\b", text):
        yield "co_await in a structured binding; await into a name first"


def first_word(code, offset):
    return offset + re.match(r"\s*", code[offset:]).end()


def coroutine_faults(code):
    """(offset, fault) of code without comments and strings. One pass over braces and semicolons."""
    code = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m.group(0)), code, flags=re.MULTILINE)
    blocks = []  # of each open brace: "catch", "block" or "list"
    start, parens = 0, 0
    for match in re.finditer(r"[{};()]|\bco_await\b", code):
        token, at = match.group(0), match.start()
        if token == "co_await":
            if blocks and blocks[-1][0] == "list":
                yield at, "co_await in an initializer list; await into a name first"
            if any(kind == "catch" for kind, _, _ in blocks):
                yield at, "co_await in a catch; leave the catch first"
        elif token in "()":
            parens += 1 if token == "(" else -1
        elif token == "{":
            before = code[start:at].strip()
            if re.search(r"\bcatch\s*\([^()]*\)$", before):
                kind = "catch"
            else:
                kind = "block" if opens_block(before) else "list"
            blocks.append((kind, start, parens))
            if kind != "list":
                for fault in statement_faults(before) if "co_await" in before else ():
                    yield first_word(code, start), fault
                start, parens = at + 1, 0
        elif token == "}":
            kind, outer, outer_parens = blocks.pop() if blocks else ("block", at, 0)
            if kind == "list":
                continue
            # a lambda inside a statement goes on after its block; its own statements are done
            start, parens = (at + 1, outer_parens)
        elif token == ";" and parens <= 0:
            text = code[start:at]
            for fault in statement_faults(text) if "co_await" in text else ():
                yield first_word(code, start), fault
            start = at + 1


def check_coroutines(repository, path):
    code = strip(repository.text(path))
    if "co_await" in code:
        for offset, fault in coroutine_faults(code):
            yield Violation(path, line_of(code, offset), fault)


def check(repository):
    found = [*check_listed(repository), *check_said_once(repository)]
    for path in repository.paths():
        if path.endswith((".md",)):
            found += check_links(repository, path)
        if path.startswith("tests/fuzz/corpus/"):
            continue  # any bytes
        if path.startswith("LICENSE") or re.search(r"\.(png|svg|ico|woff2|bin)$", path):
            continue
        found += check_text(repository, path)
    for path in repository.code():
        found += check_cpp(repository, path)
        # The table of compiler faults (tests/) tries on purpose what the law forbids.
        if path.startswith(("sdk/", "examples/")) and not path.startswith("sdk/cpp/tests/"):
            found += check_coroutines(repository, path)
    return found


def self_test():
    head = "// " + SPDX[0] + "\n// " + SPDX[1] + "\n//\n// What it is for.\n"
    cmake = "# " + SPDX[0] + "\n# " + SPDX[1] + "\n"
    coroutine = head + """Task<int> f() {
  co_await g();
  int a = co_await g(Options{}, [](int x) { return x && true; });
  if (co_await a() && co_await b()) {
  }
  std::vector<int> v{co_await a()};
  try {
    co_await a();
  } catch (const std::exception& error) {
    co_await undo();
  }
  auto [x, y] = co_await pair();
  int z = co_await a() + co_await b();
  for (int i = 0; i < 3 && more; ++i) {
    co_await a();
  }
  auto fine = [](Context& c) -> Task<int> { co_return co_await c.call(1); };
}
"""
    marks = """// FIXME: later
// TODO: later
// TODO(sdk): later
using namespace std::chrono_literals; using namespace std;
std::this_thread::sleep_for(1s);
auto p = "/home/me/x";
assert(x);
static_assert(x);"""
    readme = """# A heading, here
[a](#a-heading-here) [b](src/base) [c](nowhere.md) [d](README.md#other) [e](https://x.y/z)
```
[f](not a link.md)
```
"""
    expect(check(Repository({
        "src/base/CMakeLists.txt": cmake + "x(SOURCES listed.cc sub/listed.h)\n",
        "src/base/listed.cc": head + "int x;  // 1'000 'quoted' /* \"\nint y" + " " * 100 + ";\n",
        "src/base/sub/listed.h": head + "int x;\n",
        "src/base/lost.cc": head,
        "src/base/util/CMakeLists.txt": cmake + "x(bare.cc marks_test.cc)\n",
        "src/base/util/bare.cc": "int x;\n// What is it for?\n",
        "src/base/util/marks_test.cc": head + marks,
        "examples/CMakeLists.txt": cmake + "x(await.cc)\n",
        "examples/await.cc": coroutine,
        "README.md": readme,
        "ARCHITECTURE.md": "| `src/base` | is there |\n| `src/gone` | is not |\n",
        "CMakeLists.txt": cmake + "project(perdure VERSION 1.2.3)\n"
                                  "list(sdk/cpp/include/perdure/version.h)\n",
        "sdk/cpp/include/perdure/version.h": head + "#pragma once\nkVersion = \"1.2.2\";\n",
    })), [
        "src/base/listed.cc:6: 106 columns",
        "src/base/sub/listed.h:1: a header says",
        "src/base/lost.cc:1: is listed in no",
        "src/base/util/CMakeLists.txt:1: no folder",
        "src/base/util/bare.cc:1: no folder",
        "src/base/util/marks_test.cc:1: no folder",
        "src/base/util/bare.cc:1: does not begin",
        "src/base/util/bare.cc:3: after the SPDX",
        "marks_test.cc:5: 'FIXME'",
        "marks_test.cc:6: 'TODO'",
        "marks_test.cc:8: 'using namespace'",
        "marks_test.cc:9: 'sleep_for'",
        "marks_test.cc:10: '/home/m'",
        "marks_test.cc:11: 'assert('",
        "marks_test.cc:12: no newline",
        "await.cc:8: two co_await",
        "await.cc:8: co_await beside",
        "await.cc:10: co_await in an init",
        "await.cc:14: co_await in a catch",
        "await.cc:16: co_await in a structured",
        "await.cc:17: two co_await",
        "ARCHITECTURE.md:2: there is no folder src/gone",
        "version.h:1: kVersion is not 1.2.3",
        "README.md:2: the link nowhere.md",
        "README.md:2: no heading of README.md is #other",
    ])


def main():
    is_self_test, _ = arguments(__doc__, 0)
    if is_self_test:
        self_test()
    else:
        report(check(Repository.on_disk()))


if __name__ == "__main__":
    main()
