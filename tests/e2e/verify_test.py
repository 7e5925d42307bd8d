#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""`perdure verify` from outside: verdicts, exit statuses, and what it says about bad input."""

import json
import re

import programs


def operation(op, value=None, result=None, *, at, key="x", process=1, status="ok"):
    return {"process": process, "op": op, "key": key, "value": value, "result": result,
            "call_ns": at, "return_ns": at + 10_000, "status": status}


HOLDS = [operation("write", 1, at=0), operation("read", None, 1, at=20_000)]
STALE = [operation("write", 1, at=0), operation("write", 2, at=20_000),
         operation("read", None, 1, at=40_000, process=2)]


class Verify(programs.Case):
    def verify(self, history, *options):
        lines = "".join(json.dumps(line) + "\n" for line in history)
        (self.folder / "history.jsonl").write_text(lines)
        return self.run_program(programs.perdure(), "verify", "history.jsonl", *options)

    def mistake(self, text, *words, options=()):
        (self.folder / "history.jsonl").write_text(text)
        self.refused(self.run_program(programs.perdure(), "verify", "history.jsonl", *options), 2,
                     "INVALID_ARGUMENT", *words)

    def test_a_history_that_holds(self):
        ran = self.verify(HOLDS)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(ran.stdout, "register: holds (2 operations, 1 keys)\n")
        self.assertEqual([p.name for p in self.folder.iterdir()], ["history.jsonl"],
                         "it makes no store")

    def test_a_history_that_does_not(self):
        ran = self.verify(STALE)
        self.assertEqual((ran.returncode, ran.stderr), (1, ""))
        self.assertIn("key x: no order of the operations explains #3\n", ran.stdout)
        self.assertRegex(ran.stdout, r"(?m)^  #3 process 2: read x -> ok 1, .* <= does not fit")

    def test_as_json(self):
        ran = self.verify(STALE, "--json")
        self.assertEqual((ran.returncode, ran.stderr), (1, ""))
        report = json.loads(ran.stdout)
        self.assertEqual((report["model"], report["verdict"], report["operations"]),
                         ("register", "violated", 3))
        self.assertEqual(report["findings"][0]["lines"], [1, 2, 3])
        self.assertEqual(json.loads(self.verify(HOLDS, "--json").stdout)["findings"], [])

    def test_the_standard_input(self):
        text = "".join(json.dumps(line) + "\n" for line in STALE)
        ran = self.run_program(programs.perdure(), "verify", "-", input=text)
        self.assertEqual(ran.returncode, 1)

    def test_every_model(self):
        histories = {
            "instance": [operation("start", at=0), operation("get", None, "PENDING", at=20_000),
                         operation("raise", at=40_000, status="unknown")],
            "sequence": [operation("send", 1, at=0), operation("receive", None, [1], at=20_000)],
            "set": [operation("add", 1, at=0), operation("read", None, [1], at=20_000)],
            "transactions": [operation("transaction", [["append", "k", 1], ["read", "k"]],
                                       [None, [1]], at=0)]}
        for model, history in histories.items():
            for options in ((), ("--model", model)):
                ran = self.verify(history, *options)
                self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran)
                self.assertTrue(ran.stdout.startswith(f"{model}: holds"), ran.stdout)
            spoilt = json.loads(json.dumps(history).replace("[1]", "[7]").replace(
                '"PENDING"', '"TERMINATED"'))
            self.assertEqual(self.verify(spoilt).returncode, 1, model)

    def test_the_model_can_be_named(self):
        self.refused(self.verify([operation("read", None, [], at=0)]), 2, "INVALID_ARGUMENT",
                     "more than one model", "--model")
        self.assertEqual(self.verify([operation("read", None, [], at=0)], "--model",
                                     "set").returncode, 0)
        ran = self.verify(HOLDS, "--model", "queue")
        self.refused(ran, 2, "INVALID_ARGUMENT", "queue", "transactions")

    def test_bad_lines(self):
        good = json.dumps(HOLDS[0])
        self.mistake("", "history.jsonl: ", "empty")
        self.mistake(f"{good}\n{good[:-1]}\n", "line 2: column ", "expected ',' or '}'")
        self.mistake(f"{good}\n\n{good}\n", "line 2: ")
        self.mistake(good.replace('"ok"', '"done"'), "line 1: ", "ok, fail or unknown")
        self.mistake(good.replace('"write"', '"pop"'), "pop", "--model")
        self.mistake(good.replace('"write"', '"pop"'), "line 1: ", "'pop'",
                     options=("--model", "register"))
        self.mistake("\x00\xff\n", "line 1: column 1: ")

    def test_no_file(self):
        missing = self.run_program(programs.perdure(), "verify", "missing.jsonl")
        self.refused(missing, 3, "NOT_FOUND", "missing.jsonl")
        self.refused(self.run_program(programs.perdure(), "verify", "."), 3, "NOT_FOUND")
        self.refused(self.run_program(programs.perdure(), "verify"), 2, "INVALID_ARGUMENT", "file")

    def test_help(self):
        ran = self.run_program(programs.perdure(), "verify", "--help")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        for word in ("--model", "transactions", "Examples:\n  perdure verify history.jsonl"):
            self.assertIn(word, ran.stdout)

    def test_nothing_in_a_history_steers_the_terminal(self):
        history = [dict(line, key="\x1b[31mx\ny") for line in STALE]
        ran = self.verify(history)
        self.assertEqual(ran.returncode, 1)
        self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f]", ran.stdout), ran.stdout)
        self.assertNotIn("\ny", ran.stdout)


if __name__ == "__main__":
    programs.main()
