#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/reference/http.md do what they say: each block of commands is run, and its
answer is the block behind it, where "..." stands for anything."""

import re
import shutil
import subprocess

import described

PAGE = described.DESCRIPTION.parents[1] / "docs" / "reference" / "http.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```(?:\n```json\n(.*?)\n```)?", re.DOTALL)


class Documentation(described.Case):
    def test_every_example(self):
        if shutil.which("curl") is None:
            self.skipTest("curl is not installed")
        examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
        self.assertGreater(len(examples), 6)
        for commands, expected in examples:
            self.assertTrue(expected, f"no answer behind:\n{commands}")
            script = commands.replace("localhost:8080", f"127.0.0.1:{self.stage.port}")
            ran = subprocess.run(["sh", "-euc", script], capture_output=True, text=True,
                                 timeout=described.PATIENCE_SECONDS, check=False)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), commands)
            pattern = re.escape(expected).replace(re.escape("..."), ".*")
            self.assertRegex(ran.stdout.strip(), f"^{pattern}$", commands)


if __name__ == "__main__":
    described.main()
