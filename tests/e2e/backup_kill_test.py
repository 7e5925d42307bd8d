#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: the backup goes on where it was and ends with the same report.

Beside the report and the index, what must not happen is checked from outside: no file is copied
again after its result was recorded. What is recorded is read from the store after each kill; what
was copied is in copies.log.
"""

import collections
import os
import re
import signal
import subprocess
import time

import programs

FILES = 800
KILLS = 5


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


class BackupKill(programs.Case):
    def setUp(self):
        super().setUp()
        self.source = self.folder / "source"
        self.make_source()

    def make_source(self):
        """Files of many sizes, equal and different contents, links, empty folders, odd names."""
        chosen = self.random
        shared = [chosen.randbytes(size) for size in (0, 1, 5000, 70_000)]
        for number in range(FILES):
            folder = self.source / f"d{number % 37}" / f"e{number % 5}"
            folder.mkdir(parents=True, exist_ok=True)
            if number % 7 == 0:
                content = chosen.choice(shared)
            elif number % 3 == 0:
                content = (f"line {number}\n" * chosen.randrange(4000)).encode()
            else:
                content = chosen.randbytes(chosen.randrange(20_000))
            (folder / f"file {number}").write_bytes(content)
        (self.source / "large").write_bytes(chosen.randbytes(3_000_000))
        (self.source / "empty").mkdir()
        (self.source / "link").symlink_to("large")
        with open(os.fsencode(self.source) + b"/100% \xff\n", "wb") as odd:
            odd.write(b"a name that is no text")

    def command(self, name, *more):
        return [programs.example("backup"), "--from", str(self.source), "--to",
                str(self.folder / name), "--data", str(self.folder / f"store-{name}"), *more]

    def run_to_end(self, name, *more):
        ran = self.run_program(*self.command(name, *more))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran

    def report_of(self, ran):
        """The report without what may differ: the time, and the hints behind it."""
        report = ran.stdout.split("\nLook at it")[0]
        self.assertIn("files", report)
        return [line for line in report.splitlines() if not line.startswith(("time", "verified"))]

    def index_of(self, name):
        return lines_of(self.folder / name / "index.jsonl")

    def copies(self, name):
        return collections.Counter(lines_of(self.folder / name / "copies.log"))

    def start_and_kill(self, name, is_time):
        """Kills the program as soon as is_time(seconds since its start), unless it ends before."""
        with open(self.folder / "errors", "w+", encoding="utf-8") as errors:
            with subprocess.Popen(self.command(name), cwd=self.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=errors) as program:
                begin = time.monotonic()
                while program.poll() is None and not is_time(time.monotonic() - begin):
                    time.sleep(0.001)
                program.send_signal(signal.SIGKILL)
            errors.seek(0)
            return program.returncode, errors.read()

    def recorded(self, name):
        """The paths whose copy has a recorded result."""
        store = f"store-{name}"
        paths = set()
        children = self.ask("list", "--name", "backup_group", "--limit", "1000", data=store)
        for child in children["instances"]:
            scheduled = {}
            for event in self.ask("history", child["id"], data=store)["events"]:
                if event["kind"] == "ActivityScheduled" and event["name"] == "copy_file":
                    scheduled[event["task"]] = event["payload"]["path"]
                elif event["kind"] == "ActivityCompleted" and event["task"] in scheduled:
                    paths.add(scheduled[event["task"]])
        return paths

    def check_against_uninterrupted(self, name, ended):
        uninterrupted = self.run_to_end("uninterrupted", "--verify")
        self.assertEqual(self.report_of(ended), self.report_of(uninterrupted))
        self.assertEqual(self.index_of(name), self.index_of("uninterrupted"))
        self.assertIn("no difference", ended.stdout)

    def test_five_kills(self):
        paths = FILES + 2
        moments = sorted(self.random.randrange(paths) for _ in range(KILLS))
        kept = []  # of each kill: what was recorded, and how often it had been copied by then
        for moment in moments:
            delay = self.random.random() * 0.05
            reached = []

            def is_time(now):
                if not reached and len(lines_of(self.folder / "killed" / "copies.log")) >= moment:
                    reached.append(now)
                return bool(reached) and now >= reached[0] + delay

            status, errors = self.start_and_kill("killed", is_time)
            self.assertEqual(status, -signal.SIGKILL, errors)
            recorded, copies = self.recorded("killed"), self.copies("killed")
            print(f"killed at {moment} + {delay * 1000:.0f} ms: {sum(copies.values())} copied, "
                  f"{len(recorded)} recorded", flush=True)
            self.assertLessEqual(recorded, set(copies), "recorded, but never carried out")
            going_on = re.search(r"going on with \S+: ([\d,]+) of", errors)
            if kept and going_on:
                done = int(going_on.group(1).replace(",", ""))
                self.assertLessEqual(done, len(kept[-1][0]), "progress beyond what was recorded")
            kept.append((recorded, copies))

        ended = self.run_to_end("killed", "--verify")

        self.assertIn("going on with", ended.stderr)
        final = self.copies("killed")
        self.assertEqual(len(final), paths)
        for recorded, copies in kept:
            for path in recorded:
                self.assertEqual(final[path], copies[path], f"{path} was copied again")
        self.assertLess(sum(final.values()), 2 * paths)
        self.check_against_uninterrupted("killed", ended)

    def test_kills_at_any_time(self):
        """Also while the store opens, the files are listed and the index is written."""
        begin = time.monotonic()
        self.run_to_end("measured")
        whole = time.monotonic() - begin
        kills = 0
        for _ in range(15):
            moment = self.random.random() * whole / 3
            status, errors = self.start_and_kill("killed", lambda now, at=moment: now >= at)
            if status == 0:
                break
            self.assertEqual(status, -signal.SIGKILL, errors)
            kills += 1
        print(f"{kills} kills", flush=True)
        self.assertGreater(kills, 0)
        self.check_against_uninterrupted("killed", self.run_to_end("killed", "--verify"))

    def test_interrupt_ends_it_in_order(self):
        with subprocess.Popen(self.command("killed"), cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
            while len(lines_of(self.folder / "killed" / "copies.log")) < FILES // 10:
                self.assertIsNone(program.poll())
                time.sleep(0.001)
            program.send_signal(signal.SIGINT)
            output, errors = program.communicate(timeout=programs.TIMEOUT_SECONDS)
        self.assertEqual((program.returncode, output), (130, ""), errors)
        self.assertIn("interrupted; the same command goes on", errors)
        self.check_against_uninterrupted("killed", self.run_to_end("killed", "--verify"))
        self.assertEqual(max(self.copies("killed").values()), 1, "an orderly end repeats nothing")

    def test_an_ended_backup_is_done_again(self):
        first = self.run_to_end("again")
        again = self.run_to_end("again", "--verify")
        self.assertIn("this is a new run of it", again.stderr)
        self.assertEqual(self.report_of(again), self.report_of(first))
        groups = self.ask("list", "--name", "backup_group", "--limit", "1000", data="store-again")
        self.assertLess(len(groups["instances"]), 20, "the groups of the earlier run are replaced")

    def test_report_names_how_to_look_at_it(self):
        ran = self.run_to_end("shown")
        hints = [line.strip() for line in ran.stdout.splitlines() if line.startswith("  ")
                 and "perdure" in line]
        self.assertEqual(len(hints), 3)
        for hint in hints:
            looked = self.run_program("sh", "-c", hint)
            self.assertEqual((looked.returncode, looked.stderr), (0, ""), hint)
            self.assertIn("COMPLETED", looked.stdout)


class BackupRefuses(programs.Case):
    """Bad input: one line, a stable code, and nothing was changed."""

    def setUp(self):
        super().setUp()
        self.source = self.folder / "source"
        self.source.mkdir()
        (self.source / "a").write_text("a")

    def backup(self, *arguments):
        return self.run_program(programs.example("backup"), *arguments)

    def expect(self, ran, status, code, *words):
        self.refused(ran, status, code, *words, program="backup")

    def test_bad_arguments(self):
        self.expect(self.backup("--form", "x"), 2, "INVALID_ARGUMENT", "--form")
        self.expect(self.backup("--to"), 2, "INVALID_ARGUMENT", "--to")
        self.assertEqual(self.backup("--help").returncode, 0)

    def test_a_source_that_is_not_there(self):
        ran = self.backup("--from", "nowhere", "--to", "t", "--data", "s")
        self.expect(ran, 3, "NOT_FOUND", "nowhere")
        self.assertFalse((self.folder / "t").exists())
        self.assertFalse((self.folder / "s").exists())

    def test_a_source_that_is_a_file(self):
        ran = self.backup("--from", "source/a", "--to", "t", "--data", "s")
        self.expect(ran, 2, "INVALID_ARGUMENT", "not a folder")

    def test_a_target_inside_the_source(self):
        ran = self.backup("--from", "source", "--to", "source/t", "--data", "s")
        self.expect(ran, 2, "INVALID_ARGUMENT", "inside")

    def test_a_target_that_is_something_else(self):
        (self.folder / "t").mkdir()
        (self.folder / "t" / "diary").write_text("private")
        ran = self.backup("--from", "source", "--to", "t", "--data", "s")
        self.expect(ran, 5, "FAILED_PRECONDITION", "not empty and no backup")

    def test_a_store_that_is_something_else(self):
        (self.folder / "s").mkdir()
        (self.folder / "s" / "diary").write_text("private")
        ran = self.backup("--from", "source", "--to", "t", "--data", "s")
        self.expect(ran, 7, "STORE_FOREIGN")

    def test_a_source_that_may_not_be_read(self):
        self.source.chmod(0)
        self.folder.chmod(0o777)
        ran = self.run_program("setpriv", "--reuid=65534", "--clear-groups",
                               programs.example("backup"), "--from", "source", "--to", "t",
                               "--data", "s") if os.geteuid() == 0 else self.backup(
                                   "--from", "source", "--to", "t", "--data", "s")
        if "setpriv" in ran.stderr or "failed to execute" in ran.stderr:
            self.skipTest("this build can not be run by another user")
        self.expect(ran, 5, "FAILED_PRECONDITION", "may not be read")

    def test_a_full_target(self):
        for number in range(200):
            (self.source / str(number)).write_bytes(self.random.randbytes(30_000))
        ran = self.in_private_mounts(
            "mkdir small; mount -t tmpfs -o size=2m none small; "
            'exec "$1" --from source --to small/t --data s 2>errors', programs.example("backup"))
        errors = (self.folder / "errors").read_text().splitlines()
        self.assertEqual(ran.returncode, 9, errors)
        self.assertRegex(errors[-1], r"^backup: STORAGE_FULL: .*small/t")

    def test_a_full_target_goes_on_after_a_rewind(self):
        files = 1000  # so many that several groups fail
        for number in range(files):
            (self.source / str(number)).write_bytes(self.random.randbytes(10_000))
        ran = self.in_private_mounts(
            "mkdir small; mount -t tmpfs -o size=2m none small; "
            'backup="$1 --from source --to small/t --data s"; $backup 2>full && exit 1; '
            'id=$(grep -o "backup-[0-9a-f]*" full | tail -1); wc -l <small/t/copies.log >before; '
            'mount -o remount,size=200m small; "$2" rewind "$id" --data s; $backup --verify; '
            "wc -l <small/t/copies.log >after",
            programs.example("backup"), programs.perdure())
        self.assertEqual(ran.returncode, 0, ran)
        self.assertIn("going on with", ran.stderr)
        self.assertIn("no difference", ran.stdout)
        before, after = (int((self.folder / name).read_text()) for name in ("before", "after"))
        self.assertGreater(before, 0)
        self.assertLess(after, files + before, "what was recorded is not copied again")

    def test_a_full_store(self):
        ran = self.in_private_mounts(
            'mkdir small; mount -t tmpfs -o size=2m none small; exec "$1" --from source --to t '
            "--data small/s", programs.example("backup"))
        self.expect(ran, 9, "STORAGE_FULL", "small/s")


if __name__ == "__main__":
    programs.main()
