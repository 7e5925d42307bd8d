# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the programs of a build, a temporary folder, and `main`.

    <test>.py BUILD [Class.test ...]

A test that can not run here (no strace, no right to mount) is skipped: if nothing else ran, the
exit status is 77, which ctest reports as skipped, never as passed.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
TIMEOUT_SECONDS = 300  # of one program


def build_folder():
    return pathlib.Path(os.environ["PERDURE_BUILD"])


def perdure():
    return str(build_folder() / "bin" / "perdure")


def example(name):
    return str(build_folder() / "examples" / name)


class Case(unittest.TestCase):
    """A temporary folder, a seed that is printed, and ways to run programs in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="perdure-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        seed = int(os.environ.get("PERDURE_SEED", random.SystemRandom().randrange(2**32)))
        print(f"{self.id()}: PERDURE_SEED={seed}", flush=True)
        self.random = random.Random(seed)

    def run_program(self, *command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            options.pop("stdin")
        environment = {**os.environ, **options.pop("env", {})}
        return subprocess.run([str(part) for part in command], cwd=self.folder, capture_output=True,
                              text=True, timeout=TIMEOUT_SECONDS, env=environment, **options)

    def cli(self, *arguments, data="store", **options):
        return self.run_program(perdure(), *arguments, "--data", data, **options)

    def succeed(self, *arguments, **options):
        """What the command printed; it must succeed and complain about nothing."""
        ran = self.cli(*arguments, **options)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), arguments)
        return ran.stdout

    def ask(self, *arguments, **options):
        return json.loads(self.succeed(*arguments, "--json", **options))

    def refused(self, ran, status, code, *words, program="perdure"):
        """One clear line on stderr, nothing on stdout, and this exit status."""
        self.assertEqual(ran.returncode, status, ran)
        self.assertEqual(ran.stdout, "", ran)
        self.assertEqual(ran.stderr.count("\n"), 1, ran.stderr)
        self.assertTrue(ran.stderr.startswith(f"{program}: {code}: "), ran.stderr)
        for word in words:
            self.assertIn(word, ran.stderr)

    def in_private_mounts(self, script, *arguments):
        """Runs a shell script that may mount; its mounts vanish with it."""
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
        if os.geteuid() != 0 or probe.returncode != 0:
            self.skipTest("mounting needs root")
        return self.run_program("unshare", "-m", "sh", "-euc", script, "sh", *arguments)


def main():
    os.environ["PERDURE_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    program = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        for _, reason in result.skipped:
            print(f"skipped: {reason}")
        sys.exit(SKIPPED)
