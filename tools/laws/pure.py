#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of purity: pure.py BUILD | pure.py --self-test COMPILER

The archives of the modules declared PURE need no symbol of a clock, a thread, a lock, I/O,
randomness or the environment. `base` alone may print and stop the process (PERDURE_CHECK). The
sources of core and model iterate over nothing whose order depends on addresses or hashes.
"""

import json
import pathlib
import re
import subprocess
import tempfile

from repository import Repository, Violation, arguments, expect, line_of, report, strip

BANNED_SYMBOLS = {
    "clock": r"clock_gettime|gettimeofday|clock|time|times|timespec_get|mktime"
             r"|(?:local|gm)time(?:_r)?|nanosleep|clock_nanosleep|usleep|sleep"
             r"|std::chrono::_V2::.*_clock::now\(\)",
    "thread": r"pthread_(?!mutex|rwlock|spin|self)\w+|std::thread::.*|std::this_thread::.*|thrd_\w+"
              r"|fork|vfork|std::(?:__future_base|condition_variable)\b.*",
    "lock": r"pthread_(?:mutex|rwlock|spin)\w*|sem_\w+|std::mutex::.*|std::__once_\w+.*|futex",
    "I/O": r"f?open(?:at)?(?:64)?|fdopen|creat|p?readv?(?:64)?|p?writev?(?:64)?|fread|fwrite|f?puts"
           r"|f?putc|putchar|[vfd]*f?printf|f?scanf|f?gets|getline|mmap(?:64)?|f(?:data)?sync"
           r"|unlink|rename|mkdir|stat(?:64)?|socket|connect|bind|listen|accept4?|send\w*|recv\w*"
           r"|poll|epoll_\w+|select|stdin|stdout|stderr|std::(?:cout|cin|cerr|clog)|std::ostream.*"
           r"|std::basic_(?:i|o|io)?f?stream<.*|std::basic_filebuf.*|std::filesystem::.*"
           r"|fmt::v\d+::v?print\(.*",
    "randomness": r"s?rand(?:om)?(?:_r)?|[delmn]rand48|getrandom|getentropy|arc4random\w*"
                  r"|std::random_device.*",
    "environment": r"(?:secure_)?getenv|setenv|putenv|environ|__environ|setlocale|gethostname"
                   r"|getpid|gettid|system",
}
ALLOWED_IN_BASE = {"I/O"}

BANNED_IN_SOURCE = [
    (r"std::chrono::\w*_clock\b", "a pure module is told the time (Facts)"),
    (r"#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|future|atomic|iostream"
     r"|fstream|random|chrono|filesystem|ctime|unistd\.h)>",
     "a pure module has no clock, thread, lock, I/O or randomness"),
    (r"\bthread_local\b", "a pure module keeps state in its arguments only"),
    (r"\bstd::(?:map|set|multimap|multiset)<\s*(?:const\s+)?[\w:]+\s*\*",
     "the order of addresses differs from run to run"),
]
UNORDERED = re.compile(r"\bstd::unordered_(?:multi)?(?:map|set)<")


def undefined_symbols(archive):
    """(raw name, readable name) of what an archive needs from outside."""
    raw = subprocess.run(["nm", "--undefined-only", "--format=posix", archive],
                         capture_output=True, text=True, check=True).stdout
    names = sorted({line.split()[0] for line in raw.splitlines() if " U" in line})
    readable = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True,
                              check=True).stdout
    return list(zip(names, readable.splitlines()))


def check_archive(archive, label, allowed=frozenset()):
    for _, name in undefined_symbols(archive):
        plain = re.sub(r"@.*$|\[abi:cxx11\]", "", name)
        for kind, pattern in BANNED_SYMBOLS.items():
            if kind not in allowed and re.fullmatch(pattern, plain):
                yield Violation(label, 0, f"a pure module needs {name} ({kind}); "
                                          "pass the value in as an argument")


def closing_angle(code, start):
    depth = 0
    for position in range(start, len(code)):
        if code[position] == "<":
            depth += 1
        elif code[position] == ">":
            depth -= 1
            if depth == 0:
                return position + 1
    return len(code)


def unordered_names(code):
    """Names of variables and members of an unordered type."""
    for match in UNORDERED.finditer(code):
        rest = code[closing_angle(code, match.end() - 1):]
        name = re.match(r"[\s&]*(\w+)\s*[;={,)]", rest)
        if name:
            yield name.group(1)


def check_sources(repository):
    paths = [p for p in repository.code() if re.match(r"src/(core|model)/", p)
             and not re.search(r"_(test|fuzz|bench)\.(cc|h)$|/testing/", p)]
    codes = {path: strip(repository.text(path)) for path in paths}
    names = {name for code in codes.values() for name in unordered_names(code)}
    for path, code in codes.items():
        for pattern, why in BANNED_IN_SOURCE:
            for match in re.finditer(pattern, code):
                yield Violation(path, line_of(code, match.start()), f"'{match.group(0)}': {why}")
        for name in sorted(names):
            walked = rf"for\s*\([^;()]*:\s*[\w.>-]*\b{name}\)|\b{name}\.c?begin\(\)"
            for match in re.finditer(walked, code):
                yield Violation(path, line_of(code, match.start()),
                                f"iteration over the unordered '{name}': its order differs from "
                                "build to build; sort first")


def check(repository, build):
    found = list(check_sources(repository))
    targets = json.loads((build / "layers.json").read_text(encoding="utf-8"))
    pure = [t for t in targets if t["pure"] and t["type"] == "STATIC_LIBRARY"]
    if not {"core", "model"} <= {t["module"] for t in pure}:
        found.append(Violation("src", 0, "the modules core and model must be declared PURE"))
    for target in pure:
        archive = build / target["folder"] / f"lib{target['target']}.a"
        if not archive.exists():
            found.append(Violation(archive.name, 0, "was not built"))
            continue
        allowed = ALLOWED_IN_BASE if target["module"] == "base" else frozenset()
        found += check_archive(archive, archive.name, allowed)
    return found


PLANTED_ARCHIVE = """
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <random>
#include <string>
#include <thread>
std::mutex lock;
long ticks() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
long seconds() { return time(nullptr); }
void locked() { std::lock_guard guard(lock); }
void started() { std::thread([] {}).join(); }
void printed() { std::printf("%d", std::rand()); std::puts("x"); }
unsigned drawn() { return std::random_device{}(); }
const char* looked_up() { return std::getenv("HOME"); }
std::string harmless(std::string text) { return text + "timeout" + text; }
"""


def self_test(compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "planted.cc"), pathlib.Path(folder, "planted.o")
        source.write_text(PLANTED_ARCHIVE, encoding="utf-8")
        subprocess.run([compiler, "-std=c++20", "-O1", "-c", source, "-o", binary], check=True)
        expect(check_archive(binary, "planted"), [
            "steady_clock::now() (clock)",
            "needs time (clock)",
            "needs pthread_mutex_lock (lock)",
            "needs pthread_mutex_unlock (lock)",
            "std::thread::",
            "needs printf (I/O)",
            "needs puts (I/O)",
            "needs rand (randomness)",
            "std::random_device",
            "needs getenv (environment)",
        ])
    header = """struct A {
  std::unordered_map<int, std::vector<int>> rows_;
  std::map<const Row*, int> by_row;
};
"""
    source = """// std::chrono::system_clock
#include <mutex>
void f() {
  for (auto& [k, v] : rows_) {}
  auto t = std::chrono::system_clock::now();
  auto i = rows_.find(3);
  sort(rows_.begin());
}
"""
    expect(check_sources(Repository({
        "src/core/a.h": header, "src/core/a.cc": source, "src/engine/e.cc": source,
    })), [
        "src/core/a.h:3: 'std::map<const Row*'",
        "src/core/a.cc:2: '#include <mutex>'",
        "src/core/a.cc:4: iteration over the unordered 'rows_'",
        "src/core/a.cc:5: 'std::chrono::system_clock'",
        "src/core/a.cc:7: iteration over the unordered 'rows_'",
    ])


def main():
    is_self_test, rest = arguments(__doc__, 1)
    if is_self_test:
        self_test(rest[0] if rest else "clang++-19")
    else:
        report(check(Repository.on_disk(), pathlib.Path(rest[0])))


if __name__ == "__main__":
    main()
