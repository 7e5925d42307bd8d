#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing leaves a process before the log holds what it rests on: seen from outside, with strace.

Each program is run under strace. A line that it prints tells of something that must be durable by
then: so between the previous line and this one the log must have been written and synced, the
write before the sync, the sync successful and complete.
"""

import os
import pty
import re
import shutil
import subprocess

import programs

TRACED = "open,openat,write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,sync_file_range"
CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\((?P<arguments>.*?)(?P<rest><unfinished \.\.\.>"
                  r"|\)\s+= (?P<result>-?\d+).*)$")
RESUMED = re.compile(r"^(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>.*\)\s+= (?P<result>-?\d+)")


class Trace:
    """Moments in the order that the kernel saw them: ("printed", text), ("written", file) when a
    write of the log began, ("synced", file) when a sync had succeeded, or a write to a handle that
    waits for the device."""

    def __init__(self, path):
        self.moments = []
        self.pending = {}
        self.waiting_handles = {}  # number -> whether its writes wait for the device
        for line in path.read_text(errors="replace").splitlines():
            self.take(line)

    def take(self, line):
        call, resumed = CALL.match(line), RESUMED.match(line)
        if call:
            file = re.match(r"\d+<([^>]*)>", call["arguments"])
            file = file.group(1) if file else ""
            self.begin(call["name"], file, call["arguments"])
            if call["result"] is None:
                self.pending[call["thread"]] = (call["name"], file, call["arguments"])
            else:
                self.end(call["name"], file, call["arguments"], int(call["result"]))
        elif resumed and resumed["thread"] in self.pending:
            name, file, arguments = self.pending.pop(resumed["thread"])
            self.end(name, file, arguments, int(resumed["result"]))

    def begin(self, name, file, arguments):
        if "write" not in name:
            return
        if "/log/" in file:
            self.moments.append(("written", file))
        elif re.match(r"1<", arguments):
            text = re.search(r'"((?:[^"\\]|\\.)*)"', arguments)
            self.moments.append(("printed", text.group(1) if text else ""))

    def end(self, name, file, arguments, result):
        if "open" in name:
            self.waiting_handles[result] = "O_DSYNC" in arguments
        elif "/log/" in file and self.is_durable(name, arguments, result):
            self.moments.append(("synced", file))

    def is_durable(self, name, arguments, result):
        if "sync" in name:
            return result == 0
        handle = int(arguments.partition("<")[0])
        return result > 0 and self.waiting_handles.get(handle, False)


class DurabilityOrder(programs.Case):
    def setUp(self):
        super().setUp()
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        probe = subprocess.run(["strace", "-e", "trace=none", "true"], capture_output=True,
                               check=False)
        if probe.returncode != 0:
            self.skipTest("tracing processes is not allowed here")

    def trace(self, *command, lines_in=""):
        """Runs the command on a terminal, so that it prints line by line."""
        path = self.folder / "trace"
        ours, theirs = pty.openpty()
        try:
            # LeakSanitizer can not work under a tracer.
            environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
            with subprocess.Popen(["strace", "-f", "-y", "-s", "200", "-o", str(path), "-e",
                                   f"trace={TRACED}", *command], cwd=self.folder, text=True,
                                  stdin=subprocess.PIPE, stdout=theirs, env=environment) as traced:
                os.close(theirs)
                theirs = None
                traced.stdin.write(lines_in)
                traced.stdin.close()
                output = b""
                while True:
                    try:
                        chunk = os.read(ours, 65536)
                    except OSError:
                        break
                    if not chunk:
                        break
                    output += chunk
        finally:
            os.close(ours)
            if theirs is not None:
                os.close(theirs)
        return traced.returncode, output.decode(), Trace(path).moments

    def check_order(self, moments, told):
        """Before each printed line that matches `told`, and after the one before it: written, then
        synced."""
        written = synced = False
        count = 0
        for kind, text in moments:
            if kind == "written":
                written = True
            elif kind == "synced":
                synced = synced or written
            elif re.search(told, text):
                self.assertTrue(synced, f"'{text}' left before the log was synced: {moments}")
                count += 1
                written = synced = False
        return count

    def test_an_activity_begins_after_the_result_it_rests_on_is_durable(self):
        status, output, moments = self.trace(programs.example("saga"), "--data", "store")
        self.assertEqual(status, 1, output)  # the trip is not booked
        told = r"^(booked|no car|cancelled|book_trip)"
        self.assertEqual(self.check_order(moments, told), 6, output)

    def test_a_start_is_reported_after_it_is_durable(self):
        for number in range(3):
            status, output, moments = self.trace(programs.perdure(), "start", "x", "--id",
                                                 f"i-{number}", "--data", "store")
            self.assertEqual(status, 0, output)
            self.assertEqual(self.check_order(moments, "^started"), 1, moments)

    def test_an_event_is_reported_after_it_is_durable(self):
        self.succeed("start", "x", "--id", "a")
        status, output, moments = self.trace(programs.perdure(), "raise", "a", "e", "1", "--data",
                                             "store")
        self.assertEqual(status, 0, output)
        self.assertEqual(self.check_order(moments, "^raised"), 1, moments)

    def test_an_end_is_reported_after_it_is_durable(self):
        status, output, moments = self.trace(programs.example("chaining"), "--data", "store")
        self.assertEqual(status, 0, output)
        self.assertEqual(self.check_order(moments, "^publish_photo COMPLETED"), 1, moments)

    def test_the_check_itself_notices_a_line_that_comes_too_early(self):
        early = [("written", "/log/a"), ("printed", "started a"), ("synced", "/log/a")]
        before = [("synced", "/log/a"), ("written", "/log/a"), ("printed", "started a")]
        for moments in (early, before):
            with self.assertRaises(AssertionError):
                self.check_order(moments, "^started")


if __name__ == "__main__":
    programs.main()
