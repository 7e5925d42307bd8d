#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The guide for those who come from Azure Durable Functions, done line by line."""

import os
import pathlib
import re
import subprocess
import unittest

import server

GUIDE = server.SOURCE / "docs" / "guides" / "from-azure-durable-functions.md"


def blocks(kind):
    """The fenced blocks of this kind, in order."""
    every = re.findall(r"```(\w*)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return [text for its_kind, text in every if its_kind == kind]


class Guide(unittest.TestCase):
    def test_from_azure_durable_functions(self):
        modules = pathlib.Path(server.install_javascript())
        serving = server.Server()
        self.addCleanup(serving.close)

        def here(text):
            return text.replace("localhost:4001", serving.address).replace(
                "localhost:8080", serving.http)

        app = modules / "guide.mjs"
        app.write_text(here(blocks("js")[0]))
        worker = subprocess.Popen(["node", str(app)], cwd=modules, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        said = []
        path = f"{server.build_folder() / 'bin'}:{os.environ['PATH']}"
        for line in here(blocks("sh")[1]).splitlines():
            ran = subprocess.run(["sh", "-c", line], text=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=120,
                                 env={**os.environ, "PATH": path,
                                      "PERDURE_SERVER": serving.address})
            said.append(ran.stdout)
            self.assertEqual(ran.returncode, 0, f"{line}: {ran.stdout}\n{serving.log()}")
        self.assertIn('"statusQueryGetUri"', said[0])
        self.assertIn('"runtimeStatus"', said[1])
        for expected in blocks("")[1].splitlines():
            label, rest = expected.split(None, 1)
            self.assertRegex(said[3], rf"(?m)^{label} +{re.escape(rest)}$")


if __name__ == "__main__":
    server.main()
