#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The bank is killed again and again: no money appears or is lost, no account stays locked, and
the transfers happened in one order that `perdure verify` finds. PERDURE_BANK_KILLS: how often.
"""

import os
import signal
import subprocess
import time

import programs

KILLS = int(os.environ.get("PERDURE_BANK_KILLS", "4"))
ACCOUNTS = 1_000
TRANSFERS_MIN = 50  # between two kills
PATIENCE_SECONDS = 120


class Bank(programs.Case):
    def command(self, *more):
        return [programs.example("bank"), "--data", str(self.folder / "store"), "--accounts",
                str(ACCOUNTS), *more]

    def transactions(self):
        journal = self.folder / "store.journal"
        if not journal.exists():
            return []
        lines = journal.read_text().splitlines(keepends=True)
        return [line for line in lines if '"transaction"' in line]

    def run_and_kill(self):
        """For a second, and for some transfers at least."""
        before = len(self.transactions())
        bank = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        begin = time.monotonic()
        while True:
            time.sleep(0.05)
            self.assertIsNone(bank.poll(), "it ended by itself")
            passed = time.monotonic() - begin
            self.assertLess(passed, PATIENCE_SECONDS, "hardly anything is transferred")
            if passed > 1 and len(self.transactions()) >= before + TRANSFERS_MIN:
                break
        bank.send_signal(signal.SIGKILL)
        bank.wait()

    def close(self):
        closed = self.run_program(*self.command("--close"))
        self.assertEqual(closed.returncode, 0, closed.stdout + closed.stderr)
        self.assertIn(f"{ACCOUNTS * 10_000} cents, 0 locked: right", closed.stdout)

    def verify(self, lines):
        history = self.folder / "history.jsonl"
        history.write_text("".join(lines))
        return self.run_program(programs.perdure(), "verify", "--model", "transactions",
                                str(history))

    def test_kills_change_nothing(self):
        for _ in range(KILLS):
            self.run_and_kill()
        self.close()
        lines = self.transactions()
        judged = self.verify(lines)
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
        print(f"{len(lines)} transfers, {KILLS} kills: {judged.stdout.strip()}")

    def test_the_check_itself_notices_a_lost_transfer(self):
        self.run_and_kill()
        self.close()
        lines = self.transactions()
        seen = [line for line in lines if "[null" not in line and '"result":[[]' not in line]
        self.assertTrue(seen, "no transfer saw another one")
        forged = seen[-1].replace('"result":[[', '"result":[[999999999999,', 1)
        judged = self.verify([forged if line == seen[-1] else line for line in lines])
        self.assertEqual(judged.returncode, 1, judged.stdout + judged.stderr)


if __name__ == "__main__":
    programs.main()
