#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The law of layers: layers.py BUILD/layers.json | layers.py --self-test

1. A file includes only headers of its own module and of the modules that its target links itself
   (DEPS in the build files). A test may also include what the tested modules may include.
2. Headers of a third party appear in one folder only (THIRD_PARTY).
3. Only src/runtime and src/server start threads or read a clock. Free to: tests, benchmarks,
   programs of users (examples), and the file of the operator's tool that begins the program.
"""

import json
import posixpath
import re

from repository import Repository, Violation, arguments, expect, line_of, report, strip

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
INCLUDE_FOLDERS = ("src", "api", "sdk/cpp/include", "sdk/cpp/src", "sdk/cpp", "examples", "sim")
SYSTEM_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "bits/", "sanitizer/")

# prefix of a header -> the only place that may include it, as a pattern of paths
THIRD_PARTY = {
    "rocksdb/": r"src/store/table/rocksdb/|bench/raw/",
    "nlohmann/": r"sdk/cpp/|src/(access|transport/http)/",
    "CLI/": r"cli/|sim/main\.cc$|examples/(bank|election|remote)/main\.cc$",
    "fmt/": r".*\.cc$|(.*/)?testing/|examples/",
    "openssl/": r"examples/backup/|src/access/",
    "grpcpp/": r"src/transport/(durabletask|worker|grpc)/|src/server/|sdk/cpp/src/remote/",
    "grpc/": r"src/(server|transport/grpc)/",
    "absl/": r"src/server/",
    "google/protobuf/": r"src/transport/(durabletask|worker|grpc)/|sdk/cpp/src/remote/",
    "durabletask/": r"src/(transport/durabletask|server)/",
    "perdure/status.pb.h": r"src/transport/grpc/",
    "perdure/worker.": r"src/transport/worker/|sdk/cpp/src/remote/",
    "perdure/clients.": r"src/transport/worker/|sdk/cpp/src/remote/",
    "boost/": r"src/transport/http/",
    "curl/": r"src/egress/",
    "zstd.h": r"examples/backup/",
    "gtest/": r".*_test\.cc$|.*(testing|conformance|tests)/",
    "gmock/": r".*_test\.cc$|.*(testing|conformance|tests)/",
    "benchmark/": r".*_bench\.cc$|bench/",
}

TIME_AND_THREADS = re.compile(
    r"#\s*include\s*<(?:thread|stop_token|pthread\.h|sys/time\.h|threads\.h)>"
    r"|\b(?:system|steady|high_resolution|utc|file)_clock\b(?!::(?:time_point|duration)\b)"
    r"|\bstd::(?:jthread|thread|async)\b|\bpthread_create\b"
    r"|\b(?:clock_gettime|gettimeofday|timespec_get|nanosleep|usleep)\b"
    r"|\bsleep_(?:for|until)\b")
FREE_OF_TIME_LAW = re.compile(
    r"src/(runtime|server)/|cli/main\.cc$|sim/main\.cc$|examples/|bench/|tests/"
    r"|.*_(test|bench|fuzz)\.cc$|.*/(testing|tests)/")


def is_test_file(path):
    return bool(re.search(r"_(test|bench|fuzz)\.(cc|h)$|(^|/)(testing|tests|conformance)/", path))


class Graph:
    """Who owns a file, and what that owner may include."""

    def __init__(self, targets):
        self.by_name = {target["target"]: target for target in targets}
        self.modules = {t["target"]: t for t in targets if t["module"]}
        self.owners = {}
        for target in targets:
            for path in target["files"]:
                self.owners.setdefault(path, []).append(target["target"])

    def owner_of_header(self, path):
        """The module of a header: the one that lists it or its source, else that of its folder."""
        if path in self.owners and not any(o in self.modules for o in self.owners[path]):
            return None  # of a program
        for name in (path, re.sub(r"\.h$", ".cc", path)):
            for owner in self.owners.get(name, []):
                if owner in self.modules:
                    return owner
        folder = path
        while folder:
            folder = posixpath.dirname(folder)
            for name, module in self.modules.items():
                if module["folder"] == folder:
                    return name
        return None

    def targets_of(self, path):
        listed = self.owners.get(path, [])
        if not listed and path.endswith(".h"):
            owner = self.owner_of_header(path)
            listed = [owner] if owner else []
        return listed

    def allowed(self, target, path):
        links = {target} | set(self.by_name[target]["links"])
        if target not in self.modules or is_test_file(path):
            if is_test_file(path) or re.search("test|bench|fuzz", target):
                links |= {name for name, module in self.modules.items()
                          if path.startswith(module["folder"] + "/")}
                for other in self.tests_of(target):
                    links |= set(self.by_name[other]["links"])
                near = links & set(self.modules)
                links |= {far for name in near for far in self.modules[name]["links"]}
        return links & set(self.modules)

    def tests_of(self, target):
        """Programs that test a module: a header in its testing/ may use what they link."""
        return [name for name, other in self.by_name.items() if name not in self.modules
                and target in other["links"] and name.endswith(("_test", "_bench"))]


def resolve(repository, path, header):
    candidates = [posixpath.join(folder, header) for folder in INCLUDE_FOLDERS]
    candidates.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), header)))
    return next((c for c in candidates if repository.has(c)), None)


def check_third_party(path, line, header):
    for prefix, place in THIRD_PARTY.items():
        if header.startswith(prefix):
            if not re.match(place, path):
                yield Violation(path, line, f"<{header}> belongs to {place} only; "
                                            "reach it through that code")
            return
    if "/" in header and not header.startswith(SYSTEM_FOLDERS):
        yield Violation(path, line, f"<{header}> is no header of ours and of no known third party; "
                                    "add it to THIRD_PARTY with one folder, and a page in "
                                    "docs/decisions")


def check_file(repository, graph, path):
    code = strip(repository.text(path), keep_strings=True)
    for match in INCLUDE.finditer(code):
        header, line = match.group(2), line_of(code, match.start(2))
        if header.startswith("../") or "/../" in header:
            yield Violation(path, line, f'"{header}": include from the root of the module tree')
            continue
        target_file = resolve(repository, path, header)
        if target_file is None:
            yield from check_third_party(path, line, header)
            continue
        if not target_file.endswith(".h"):
            continue
        owner = graph.owner_of_header(target_file)
        for target in graph.targets_of(path):
            if owner and owner not in graph.allowed(target, path):
                yield Violation(path, line, f'"{header}" is of {owner}, which {target} does not '
                                            "declare in DEPS")
    if not FREE_OF_TIME_LAW.match(path):
        for match in TIME_AND_THREADS.finditer(code):
            yield Violation(path, line_of(code, match.start()),
                            f"'{match.group(0)}': only src/runtime and src/server start threads "
                            "or read a clock")


def check(repository, targets):
    graph = Graph(targets)
    return [v for path in repository.code() if not path.startswith("tests/consumer/")
            for v in check_file(repository, graph, path)]


def self_test():
    def target(name, folder, links, files, module=True):
        return {"target": f"perdure_{name}" if module else name, "module": name if module else "",
                "folder": folder, "links": [f"perdure_{l}" for l in links], "files": files}

    targets = [
        target("base", "src/base", [], ["src/base/a.cc"]),
        target("model", "src/model", ["base"], ["src/model/m.cc"]),
        target("core", "src/core", ["model"], ["src/core/c.cc"]),
        target("runtime", "src/runtime", ["base"], ["src/runtime/r.cc"]),
        target("core_test", "src/core", ["core"], ["src/core/c_test.cc"], module=False),
    ]
    files = {
        "src/base/a.h": "#pragma once\n",
        "src/base/a.cc": '#include "base/a.h"\n#include "model/m.h"\n',  # upwards
        "src/model/m.h": '#include "base/a.h"\n#include <fmt/format.h>\n',  # fmt in a header
        "src/model/m.cc": '#include "rocksdb/db.h"\n#include <boost/asio.hpp>\n',
        "src/core/c.h": '// #include "runtime/r.h"\n#include "runtime/r.h"\n',  # sideways
        "src/core/c.cc": '#include "base/a.h"\n#include <thread>\n'
                         "auto t = std::chrono::steady_clock::now();\n"
                         "std::chrono::system_clock::time_point given;\n",
        "src/core/c_test.cc": '#include "core/c.h"\n#include "model/m.h"\n'
                              "#include <gtest/gtest.h>\n#include <thread>\n",
        "src/core/d.cc": '#include "../base/a.h"\n',
        "src/runtime/r.h": '#include "base/a.h"\n',
        "src/runtime/r.cc": "#include <thread>\n",
    }
    expect(check(Repository(files), targets), [
        'src/base/a.cc:2: "model/m.h" is of perdure_model, which perdure_base',
        "src/model/m.h:2: <fmt/format.h>",
        "src/model/m.cc:1: <rocksdb/db.h>",
        "src/model/m.cc:2: <boost/asio.hpp>",
        'src/core/c.h:2: "runtime/r.h" is of perdure_runtime',
        'src/core/c.cc:1: "base/a.h" is of perdure_base',
        "src/core/c.cc:2: '#include <thread>'",
        "src/core/c.cc:3: 'steady_clock'",
        'src/core/d.cc:1: "../base/a.h"',
    ])


def main():
    is_self_test, rest = arguments(__doc__, 1)
    if is_self_test:
        self_test()
        return
    with open(rest[0], encoding="utf-8") as file:
        report(check(Repository.on_disk(), json.load(file)))


if __name__ == "__main__":
    main()
