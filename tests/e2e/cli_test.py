#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The program `perdure` from outside: every command, every mistake, every kind of bad store."""

import os
import pathlib
import re
import subprocess
import time

import programs

COMMANDS = ("serve", "keys", "start", "get", "list", "history", "raise", "terminate", "suspend",
            "resume", "rewind", "restart", "purge", "entity", "wait", "top", "bench", "stats",
            "check", "scrub", "completion", "version", "help")


class Commands(programs.Case):
    def start(self, *arguments):
        return self.ask("start", *arguments)["id"]

    def make_ended(self):
        """A store with a completed, a failed and a pending instance."""
        self.run_program(programs.example("chaining"), "--data", "store")
        self.run_program(programs.example("saga"), "--data", "store")
        self.start("nobody", "--id", "waiting")

    def test_help_of_everything(self):
        text = self.run_program(programs.perdure(), "--help")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        for command in COMMANDS:
            self.assertRegex(text.stdout, rf"\n  {command} ")
            one = self.run_program(programs.perdure(), command, "--help")
            self.assertEqual((one.returncode, one.stderr), (0, ""), command)
            self.assertIn(f"perdure {command}", one.stdout)
            again = self.run_program(programs.perdure(), "help", command)
            self.assertEqual(again.stdout, one.stdout)
        self.assertIn("Examples:\n  perdure ", text.stdout)

    def test_version(self):
        for arguments in (["version"], ["--version"]):
            ran = self.run_program(programs.perdure(), *arguments)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
            self.assertRegex(ran.stdout, r"^perdure \d+\.\d+\.\d+\n$")

    def test_start_and_get(self):
        made = self.start("nobody", "--id", "a", "--input", '{"z": 1, "a": 12345678901234567890}',
                          "--tag", "team=shop", "--tag", "k=v=w")
        self.assertEqual(made, "a")
        got = self.succeed("get", "a", "--input", "--json")
        self.assertIn('"input":{"z": 1, "a": 12345678901234567890}', got, "as it was typed")
        instance = self.ask("get", "a")
        self.assertEqual(instance["name"], "nobody")
        self.assertIn(instance["status"], ("PENDING", "RUNNING"))
        self.assertEqual(instance["tags"], {"team": "shop", "k": "v=w"})
        self.assertNotIn("input", instance)
        text = self.succeed("get", "a")
        self.assertRegex(text, r"(?m)^id +a$")
        self.assertRegex(text, r"(?m)^created +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertNotIn("\x1b", text, "colours only on a terminal")

    def test_start_takes_its_input_from_a_file_or_stdin(self):
        (self.folder / "in.json").write_text("[1, 2]")
        self.start("nobody", "--id", "file", "--input", "@in.json")
        self.assertEqual(self.ask("get", "file", "--input")["input"], [1, 2])
        self.assertEqual(self.cli("start", "nobody", "--id", "pipe", "--input", "-",
                                  input='"x"').returncode, 0)
        self.assertEqual(self.ask("get", "pipe", "--input")["input"], "x")
        self.start("nobody", "--id", "none")
        self.assertIsNone(self.ask("get", "none", "--input").get("input"))

    def test_start_at(self):
        self.start("nobody", "--id", "later", "--at", "2090-01-02T03:04:05Z")
        self.assertEqual(self.ask("get", "later")["scheduled_start"], "2090-01-02T03:04:05.000Z")

    def test_start_when_the_id_is_taken(self):
        self.start("nobody", "--id", "a", "--input", "1")
        self.refused(self.cli("start", "nobody", "--id", "a"), 4, "ALREADY_EXISTS", "'a'")
        self.start("nobody", "--id", "a", "--if-exists", "ignore", "--input", "2")
        self.assertEqual(self.ask("get", "a", "--input")["input"], 1)
        self.refused(self.cli("start", "nobody", "--id", "a", "--if-exists", "replace-ended"), 4,
                     "ALREADY_EXISTS")
        self.start("nobody", "--id", "a", "--if-exists", "replace", "--input", "3")
        self.assertEqual(self.ask("get", "a", "--input")["input"], 3)

    def test_list_filters_and_pages(self):
        for number in range(7):
            self.start("odd" if number % 2 else "even", "--id", f"i-{number}", "--tag",
                       f"n={number}")
        def ids(*arguments):
            return sorted(one["id"] for one in self.ask("list", *arguments)["instances"])
        self.assertEqual(len(ids()), 7)
        self.assertEqual(ids("--name", "odd"), ["i-1", "i-3", "i-5"])
        self.assertEqual(ids("--id-prefix", "i-3"), ["i-3"])
        self.assertEqual(ids("--tag", "n=4"), ["i-4"])
        self.assertEqual(ids("--status", "completed,failed"), [])
        self.assertEqual(len(ids("--since", "1h")), 7)
        self.assertEqual(ids("--until", "1h"), [])
        seen, token = [], None
        while True:
            page = self.ask("list", "--limit", "3", *(["--next", token] if token else []))
            self.assertLessEqual(len(page["instances"]), 3)
            seen += [one["id"] for one in page["instances"]]
            token = page["next"]
            if token is None:
                break
        self.assertEqual(sorted(seen), [f"i-{number}" for number in range(7)])
        self.assertEqual(self.succeed("list", "--name", "none"), "no instances match\n")
        table = self.succeed("list").splitlines()
        self.assertEqual(len(table), 8)
        self.assertEqual(len({line.index(word) for line in table
                              for word in ("NAME", "odd", "even") if word in line}), 1, table)

    def test_history(self):
        self.make_ended()
        events = self.ask("history", "publish_photo")["events"]
        self.assertEqual([event["number"] for event in events], list(range(len(events))))
        scheduled = [event["name"] for event in events if event["kind"] == "ActivityScheduled"]
        self.assertEqual(scheduled, ["scale", "mark", "publish"])
        self.assertEqual(events[-1]["kind"], "ExecutionCompleted")
        text = self.succeed("history", "publish_photo")
        self.assertRegex(text, r"ActivityCompleted +#\d+  scale  after [\d.]+ m?s\n")
        self.assertEqual(len(self.ask("history", "publish_photo", "--from", "2", "--limit",
                                      "3")["events"]), 3)
        self.assertIn("https://photos.example/", self.succeed("history", "publish_photo",
                                                              "--payloads"))
        self.assertIn("SoldOut: no car left", self.succeed("history", "book_trip"))

    def test_history_of_a_tree(self):
        (self.folder / "source").mkdir()
        (self.folder / "source" / "a").write_text("a")
        ran = self.run_program(programs.example("backup"), "--from", "source", "--to", "target",
                               "--data", "store")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        parent = self.ask("list", "--name", "backup")["instances"][0]["id"]
        tree = self.succeed("history", parent, "--tree")
        self.assertRegex(tree, rf"(?m)^    {re.escape(parent)}\S+  backup_group  COMPLETED")
        self.assertIn("copy_file", tree)

    def test_raise(self):
        self.start("nobody", "--id", "a")
        self.assertEqual(self.succeed("raise", "a", "approved", "true"), "raised approved to a\n")
        self.succeed("raise", "a", "nothing")
        self.assertGreaterEqual(self.ask("get", "a")["unread_messages"], 2)
        self.refused(self.cli("raise", "b", "x"), 3, "NOT_FOUND", "'b'")

    def test_terminate(self):
        self.start("nobody", "--id", "a")
        self.succeed("terminate", "a", "--reason", "not needed")
        ended = self.ask("get", "a")
        self.assertEqual(ended["status"], "TERMINATED")
        self.assertIn("not needed", ended["failure"]["message"])
        self.refused(self.cli("terminate", "a"), 5, "FAILED_PRECONDITION", "TERMINATED")
        self.refused(self.cli("terminate", "b"), 3, "NOT_FOUND")
        self.start("nobody", "--id", "c")
        self.succeed("terminate", "c", "--tree")

    def test_suspend_and_resume(self):
        self.start("nobody", "--id", "a")
        self.succeed("suspend", "a", "--reason", "wait")
        self.assertEqual(self.ask("get", "a")["status"], "SUSPENDED")
        self.succeed("resume", "a")
        self.assertNotEqual(self.ask("get", "a")["status"], "SUSPENDED")

    def test_rewind_and_restart(self):
        self.make_ended()
        self.assertEqual(self.ask("get", "book_trip")["status"], "FAILED")
        self.succeed("rewind", "book_trip", "--reason", "try again")
        self.assertNotEqual(self.ask("get", "book_trip")["status"], "FAILED")
        self.refused(self.cli("rewind", "publish_photo"), 5, "FAILED_PRECONDITION")
        self.succeed("restart", "publish_photo")
        self.assertNotEqual(self.ask("get", "publish_photo")["status"], "COMPLETED")
        self.refused(self.cli("restart", "waiting"), 5, "FAILED_PRECONDITION")
        again = self.run_program(programs.example("chaining"), "--data", "store")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.ask("get", "publish_photo")["status"], "COMPLETED")

    def test_purge(self):
        self.make_ended()
        self.refused(self.cli("purge", "waiting"), 5, "FAILED_PRECONDITION")
        self.refused(self.cli("purge", "nobody-there"), 3, "NOT_FOUND")
        counted = self.succeed("purge", "--status", "completed,failed")
        self.assertIn("2 ended instances match; nothing was purged", counted)
        self.assertEqual(self.ask("purge", "--status", "completed", "--yes", "--dry-run"),
                         {"would_purge": 1})
        self.assertEqual(self.ask("purge", "--status", "completed", "--yes"), {"purged": 1})
        self.refused(self.cli("get", "publish_photo"), 3, "NOT_FOUND")
        self.succeed("purge", "book_trip")
        self.assertEqual([one["id"] for one in self.ask("list")["instances"]], ["waiting"])

    def test_stats_and_check(self):
        self.make_ended()
        self.assertEqual(self.ask("stats")["instances"], 3)
        self.assertIn("COMPLETED", self.succeed("stats"))
        self.assertEqual(self.ask("check")["instances"], 3)
        self.assertIn("the store is sound", self.succeed("check"))
        self.assertGreater(self.ask("scrub")["files"], 0)
        self.assertIn("every file is sound", self.succeed("scrub"))

    def test_the_folder_may_come_from_the_environment(self):
        environment = {"PERDURE_DATA": str(self.folder / "elsewhere")}
        ran = self.run_program(programs.perdure(), "start", "nobody", "--id", "a", env=environment)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.ask("get", "a", data="elsewhere")["id"], "a")

    def test_entities(self):
        self.run_program(programs.example("counter"), "--data", "store")
        self.assertEqual(self.ask("list")["instances"], [])
        listed = self.ask("entity", "list")["entities"]
        self.assertEqual([entity["id"] for entity in listed], ["@counter@index.html"])
        self.assertEqual(self.ask("entity", "list", "nobody")["entities"], [])
        self.assertIn("@counter@index.html", self.succeed("entity", "list", "counter"))
        before = self.ask("entity", "get", "@counter@index.html")
        self.assertEqual((before["state"]["visits"], before["locked_by"]), (10_000, None))
        self.assertIn("state ", self.succeed("entity", "get", "@counter@index.html"))
        self.ask("entity", "signal", "@counter@index.html", "visit", '"DK"')
        self.assertEqual(self.ask("entity", "get", "@counter@index.html")["waiting"], 1)
        self.run_program(programs.example("counter"), "--data", "store")
        after = self.ask("entity", "get", "@counter@index.html")
        self.assertEqual((after["state"]["visits"], after["waiting"]), (20_001, 0))
        self.refused(self.cli("entity", "get", "@counter@nobody"), 3, "NOT_FOUND",
                     "@counter@nobody")
        self.refused(self.cli("entity", "get", "counter"), 2, "INVALID_ARGUMENT", "@name@key")
        self.refused(self.cli("get", "@counter@x"), 2, "INVALID_ARGUMENT", "entities")

    def test_hubs_do_not_see_each_other(self):
        self.start("nobody", "--id", "a", "--hub", "north")
        self.refused(self.cli("get", "a"), 3, "NOT_FOUND")
        self.assertEqual(self.ask("get", "a", "--hub", "north")["id"], "a")

    def test_nothing_that_is_stored_steers_the_terminal(self):
        self.refused(self.cli("start", "nobody\x1b[31m"), 2, "INVALID_ARGUMENT", "control")
        self.start("nobody", "--id", "a")
        self.succeed("terminate", "a", "--reason", "\x1b[31mred")
        shown = self.succeed("get", "a") + self.succeed("list") + self.succeed("history", "a")
        self.assertIn("\\x1b[31mred", shown)
        self.assertNotIn("\x1b", shown)


class Mistakes(programs.Case):
    """Refused before anything happens: no folder is made."""

    def mistake(self, arguments, *words, status=2, code="INVALID_ARGUMENT"):
        self.refused(self.cli(*arguments), status, code, *words)
        self.assertFalse((self.folder / "store").exists(), arguments)

    def test_command_lines(self):
        for arguments in ((), ("dance",), ("get",), ("get", "a", "b"), ("raise", "a"), ("start",),
                          ("list", "--limit", "0"), ("list", "--limit", "x"), ("list", "--colour"),
                          ("history", "a", "--from", "-1"), ("help", "dance"), ("get", ""),
                          ("start", ""), ("raise", "a", "")):
            self.mistake(arguments)

    def test_json(self):
        self.mistake(("start", "x", "--input", '{"a" 1}'), "line 1, column 6", "expected ':'")
        self.mistake(("start", "x", "--input", ""), "expected a JSON value")
        self.mistake(("raise", "a", "e", "{"), "the payload is not JSON")
        (self.folder / "bad.json").write_text("[1,\n2,,]")
        self.mistake(("start", "x", "--input", "@bad.json"), "line 2, column 3")
        self.mistake(("start", "x", "--input", "@none.json"), "none.json", status=3,
                     code="NOT_FOUND")

    def test_values(self):
        self.mistake(("list", "--status", "done"), "PENDING, RUNNING, SUSPENDED, COMPLETED")
        self.mistake(("list", "--since", "yesterday"), "2026-11-21T04:17:15Z")
        self.mistake(("list", "--tag", "k"), "key=value")
        self.mistake(("list", "--next", "zz"), "--next")
        self.mistake(("start", "x", "--if-exists", "maybe"), "reject, ignore, replace")
        self.mistake(("start", "x", "--at", "2026-02-30"), "2026-02-30")
        self.mistake(("purge",), "needs an id or a filter")
        self.mistake(("purge", "a", "--status", "failed"), "not both")

    def test_limits(self):
        large = self.folder / "large.json"
        large.write_text('"' + "x" * (2 << 20) + '"')
        self.refused(self.cli("start", "x", "--input", "@large.json"), 2, "PAYLOAD_TOO_LARGE")
        large.write_text('"' + "x" * (5 << 20) + '"')
        self.refused(self.cli("start", "x", "--input", "@large.json"), 2, "PAYLOAD_TOO_LARGE")
        self.refused(self.cli("start", "x", "--id", "i" * 513), 2, "INVALID_ARGUMENT")
        self.refused(self.cli("start", "n" * 257), 2, "INVALID_ARGUMENT")

    def test_an_unknown_instance(self):
        self.succeed("start", "x", "--id", "a")
        for command in ("get", "history", "terminate", "suspend", "resume", "rewind", "restart",
                        "purge"):
            self.refused(self.cli(command, "nobody"), 3, "NOT_FOUND", "'nobody'")

    def test_output_that_can_not_be_written(self):
        self.succeed("start", "x", "--id", "a")
        with open("/dev/full", "w", encoding="utf-8") as full:
            ran = subprocess.run([programs.perdure(), "get", "a", "--data", "store"], stdout=full,
                                 stderr=subprocess.PIPE, text=True, cwd=self.folder, check=False)
        self.assertEqual(ran.returncode, 9)
        self.assertTrue(ran.stderr.startswith("perdure: STORAGE_FULL: "), ran.stderr)


class BadStores(programs.Case):
    """Whatever is wrong with the folder: one line that says so, and nothing is made worse."""

    def make_store(self, count=3):
        for number in range(count):
            self.succeed("start", "x", "--id", f"i-{number}", "--input", '"' + "y" * 2000 + '"')

    def parts(self, pattern):
        return sorted(path for path in (self.folder / "store").glob(pattern) if path.is_file())

    @staticmethod
    def damage(path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x55]))

    def test_no_store(self):
        self.refused(self.cli("list"), 3, "NOT_FOUND", "--data")
        self.assertFalse((self.folder / "store").exists())

    def test_a_folder_of_something_else(self):
        (self.folder / "store").mkdir()
        (self.folder / "store" / "diary.txt").write_text("private")
        self.refused(self.cli("list"), 7, "STORE_FOREIGN", "store")
        self.refused(self.cli("start", "x"), 7, "STORE_FOREIGN", "store")
        self.assertEqual(os.listdir(self.folder / "store"), ["diary.txt"])

    def test_a_file_in_place_of_the_folder(self):
        (self.folder / "store").write_text("not a folder")
        ran = self.cli("list")
        self.assertIn(ran.returncode, (5, 7), ran)
        self.assertEqual(ran.stderr.count("\n"), 1)
        self.assertEqual((self.folder / "store").read_text(), "not a folder")

    def test_a_store_that_is_in_use(self):
        with subprocess.Popen([programs.example("approval"), "--data", "store"], cwd=self.folder,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            self.refused(self.cli("list"), 6, "STORE_LOCKED", "'store'", str(holder.pid))
            holder.kill()
        self.assertEqual(len(self.ask("list")["instances"]), 1, "free again once it is dead")

    def test_a_damaged_identity(self):
        self.make_store()
        identity = self.folder / "store" / "STORE"
        self.damage(identity, identity.stat().st_size // 2)
        ran = self.cli("list")
        self.assertIn(ran.returncode, (7, 8), ran)
        self.refused(ran, ran.returncode, {7: "STORE_FOREIGN", 8: "STORE_CORRUPT"}[ran.returncode])

    def test_a_damaged_log(self):
        # A process that is killed leaves its records in the log.
        with subprocess.Popen([programs.example("approval"), "--data", "store"], cwd=self.folder,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            holder.stdout.readline()
            holder.stdin.write("wrong\nwrong again\n")
            holder.stdin.flush()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                log = self.parts("log/*")[0].read_bytes()
                if log.count(b"wrong") >= 2:
                    break
            holder.kill()
        segment = self.parts("log/*")[0]
        first = segment.read_bytes().index(b"confirm_payment")
        self.damage(segment, first)
        self.refused(self.cli("list"), 8, "STORE_CORRUPT", "log")

    def test_a_damaged_table(self):
        self.make_store()
        tables = [path for path in self.parts("table/*.sst") if b"yyyyyyyy" in path.read_bytes()
                  or path.stat().st_size > 1500]
        self.assertTrue(tables, "an orderly end leaves everything in the table")
        for table in self.parts("table/*.sst"):
            for offset in range(10, table.stat().st_size - 60, 40):
                self.damage(table, offset)
        ran = self.cli("check")
        self.refused(ran, 8, "STORE_CORRUPT")

    def test_a_scrub_names_the_file_with_one_flipped_bit(self):
        self.make_store()
        for table in self.parts("table/*.sst"):
            self.damage(table, table.stat().st_size // 3)
        ran = self.cli("scrub")
        self.refused(ran, 8, "STORE_CORRUPT")
        self.assertIn(".sst", ran.stderr)

    def test_a_store_that_may_only_be_read(self):
        self.make_store()
        ran = self.in_private_mounts(
            'mount --bind store store; mount -o remount,ro,bind store; exec "$1" list --data store',
            programs.perdure())
        self.assertIn(ran.returncode, (5, 10), ran)
        self.assertEqual(ran.stderr.count("\n"), 1, ran.stderr)
        self.assertIn("store", ran.stderr)
        self.assertEqual(len(self.ask("list")["instances"]), 3)

    def test_no_space_for_a_store(self):
        ran = self.in_private_mounts(
            'mkdir small; mount -t tmpfs -o size=1m none small; exec "$1" start x --data small/s',
            programs.perdure())
        self.refused(ran, 9, "STORAGE_FULL", "small/s")

    def test_a_store_that_gets_full(self):
        """What was acknowledged before the disk was full is there when there is room again."""
        ran = self.in_private_mounts(
            'mkdir small; mount -t tmpfs -o size=64m none small; '
            '"$1" start x --id first --data small/s; '
            "dd if=/dev/zero of=small/ballast bs=64k 2>/dev/null || true; "
            'printf \'"%02000000d"\' 0 > large.json; '
            "for i in $(seq 30); do status=0; "
            '"$1" start x --id "i-$i" --input @large.json --data small/s >>acknowledged 2>>errors '
            "|| { status=$?; break; }; done; "
            'echo "$status" > status; rm small/ballast; '
            'exec "$1" list --json --data small/s --limit 100',
            programs.perdure())
        status = int((self.folder / "status").read_text())
        errors = (self.folder / "errors").read_text()
        self.assertIn(status, (9, 10, 75), errors)
        self.assertIn("STORAGE_FULL", errors)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        acknowledged = [line.split()[1] for line in
                        pathlib.Path(self.folder / "acknowledged").read_text().splitlines()]
        for name in ["first", *acknowledged]:
            self.assertIn(f'"id":"{name}"', ran.stdout)


if __name__ == "__main__":
    programs.main()
