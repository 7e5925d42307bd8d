#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on the official SDK for Go, against `perdure serve`."""

import os
import shutil
import unittest

import scenarios
import server

SOURCES = server.HERE / "go"


def install():
    if shutil.which("go") is None:
        raise unittest.SkipTest("go is not installed")
    os.environ["GOTOOLCHAIN"] = "local"  # the one that is here, or none
    folder = server.installed_folder("go")
    program = folder / "interop"
    stamp = folder / ".built"
    wanted = scenarios.digest(*sorted(SOURCES.iterdir()))
    with scenarios.alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            scenarios.fetch(["go", "mod", "download"], SOURCES)
            scenarios.build(["go", "build", "-mod=readonly", "-buildvcs=false", "-o", str(program),
                             "."], SOURCES)
            stamp.write_text(wanted)
    return [str(program)]


class Go(scenarios.Scenarios):
    count_min = 20
    install = staticmethod(install)

    def test_scenarios(self):
        self.run_all()


class GoKilled(scenarios.Killed):
    install = staticmethod(install)

    def test_workers(self):
        self.kill_workers()

    def test_server(self):
        self.kill_server(seconds=2)  # longer than the SDK waits before it connects again


if __name__ == "__main__":
    server.main()
