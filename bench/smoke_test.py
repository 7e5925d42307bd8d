#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""smoke_test.py BUILD: does the harness of the system benchmarks work?

One short repeat of every workload, embedded and on a server: everything that was asked for came
back right, nothing was lost in a crash, and the results have the shape that the report reads. How
fast it was says nothing here. Without node: 77, skipped.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
SECONDS = 280
HERE = pathlib.Path(__file__).resolve().parent
COSTS = ("wall_s", "cpu_server_s", "cpu_client_s", "foreign_share", "rss_client_peak_mib",
         "disk_bytes_delta", "dev_write_mib", "dev_flushes")
LOOPS = ("W1a", "W1b_64", "W1b_256", "W3_lat", "W3_hot", "W3_1000keys_64", "W5_1", "W5_64")
CASES = (*LOOPS, "W2_100", "W4_200", "W6_200", "W7", "W8_200")


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="perdure-bench-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.results = cls.folder / "results"
        cls.ran = subprocess.run(
            ["node", "--no-warnings", str(HERE / "bench.mjs"), "--system", "--quick", "--runs",
             "embedded,server"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
            env={**os.environ, "BENCH_BUILD": sys.argv[1], "BENCH_RESULTS": str(cls.results),
                 "BENCH_DATA": str(cls.folder / "data")})
        print(cls.ran.stdout)

    def test_it_ended_well(self):
        self.assertEqual(self.ran.returncode, 0)

    def repeats(self):
        for name in ("perdure-embedded", "perdure-server"):
            result = json.loads((self.results / f"{name}.json").read_text())
            self.assertLessEqual(set(CASES), set(result["cases"]))
            for case, said in result["cases"].items():
                with self.subTest(name=name, case=case):
                    self.assertNotIn("error", said)
                    self.assertEqual(len(said["repeats"]), 1)
                    yield name, case, said["repeats"][0]

    def test_every_repeat_says_what_it_cost(self):
        for name, _, repeat in self.repeats():
            for cost in COSTS:
                self.assertGreaterEqual(repeat[cost], 0)
            self.assertEqual(repeat["rss_server_peak_mib"] > 0, name == "perdure-server")

    def test_every_answer_was_right(self):
        for _, case, repeat in self.repeats():
            if case in LOOPS or case.startswith(("curve", "hello", "sequence")):
                self.assertEqual(repeat["err"], 0)
                self.assertGreater(repeat["done"], 0)
                self.assertEqual(repeat["lat_ms"]["n"], repeat["done"])
                latencies = [repeat["lat_ms"][key]
                             for key in ("min", "p50", "p90", "p99", "p999", "max")]
                self.assertEqual(latencies, sorted(latencies))

    def test_every_sleeper_woke_and_none_too_early(self):
        for _, case, repeat in self.repeats():
            if case in ("W4_200", "W8_200"):
                self.assertEqual(repeat["late_ms"]["n"], 200)
                self.assertGreaterEqual(repeat["late_ms"]["min"], 0)

    def test_a_crash_lost_nothing(self):
        for _, case, repeat in self.repeats():
            if case == "W7":
                self.assertEqual(repeat["lost"], 0)
                self.assertGreaterEqual(repeat["acked_at_kill"], repeat["n"] / 3)
                self.assertEqual(repeat["distinct_completed"], repeat["n"])

    def test_the_report(self):
        text = (self.results / "report.md").read_text()
        for heading in ("Goals", "W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "Cost curve"):
            self.assertIn(f"\n## {heading}", text)
        self.assertNotIn("NaN", text)
        self.assertIn("<polyline", (self.results / "curve.svg").read_text())


if __name__ == "__main__":
    if shutil.which("node") is None:
        print("skipped: node is not installed")
        sys.exit(SKIPPED)
    program = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2)
    sys.exit(0 if program.result.wasSuccessful() and program.result.testsRun else 1)
