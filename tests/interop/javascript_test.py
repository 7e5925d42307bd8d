#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on the official SDK for JavaScript, against `perdure serve`."""

import os
import subprocess
import unittest

import server


class JavaScript(unittest.TestCase):
    def run_programs(self, name):
        folder = server.install_javascript()
        serving = server.Server()
        self.addCleanup(serving.close)
        ran = subprocess.run(
            ["node", "--test", "--test-reporter=tap", f"{name}.test.js"], cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=server.PROGRAM_SECONDS,
            env={**os.environ, "PERDURE_GRPC": serving.address})
        print(ran.stdout)
        self.assertIsNone(serving.process.poll(), f"the server died: {serving.log()}")
        self.assertEqual(ran.returncode, 0, f"see above; the server said: {serving.log()}")
        self.assertRegex(ran.stdout, r"(?m)^# pass [1-9]")

    def test_orchestrations(self):
        self.run_programs("orchestrations")

    def test_control(self):
        self.run_programs("control")

    def test_entities(self):
        self.run_programs("entities")

    def test_workers(self):
        self.run_programs("workers")


if __name__ == "__main__":
    server.main()
