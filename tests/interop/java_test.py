#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on the official SDK for Java, against `perdure serve`."""

import shutil
import unittest

import scenarios
import server

SOURCES = server.HERE / "java"
# These programs are short: what starts soonest is best.
QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def install():
    for program in ("mvn", "javac", "java"):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed")
    folder = server.installed_folder("java")
    stamp = folder / ".built"
    sources = sorted(SOURCES.rglob("*.java"))
    wanted = scenarios.digest(SOURCES / "pom.xml", *sources)
    libraries = str(folder / "libraries" / "*")
    with scenarios.alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            for old in ("libraries", "classes"):
                shutil.rmtree(folder / old, ignore_errors=True)
            shutil.copy(SOURCES / "pom.xml", folder)
            scenarios.fetch(["mvn", "-q", "-B", "-Dstyle.color=never", "validate"], folder)
            scenarios.build(["javac", "--release", "17", "-encoding", "UTF-8", "-Xlint:all",
                             "-Werror", "-proc:none", "-cp", libraries, "-d",
                             str(folder / "classes"), *map(str, sources)], folder)
            stamp.write_text(wanted)
    return ["java", *QUICK, "-cp", f"{folder / 'classes'}:{libraries}", "interop.Main"]


class Java(scenarios.Scenarios):
    count_min = 20
    install = staticmethod(install)

    def test_scenarios(self):
        self.run_all()


class JavaKilled(scenarios.Killed):
    install = staticmethod(install)

    def test_workers(self):
        self.kill_workers()

    def test_server(self):
        self.kill_server(seconds=6)  # longer than the SDK waits before it connects again


if __name__ == "__main__":
    server.main()
