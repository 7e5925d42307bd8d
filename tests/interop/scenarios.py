# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What the languages share whose tests are one program with many scenarios:

    PROGRAM list                          the names of all scenarios, one a line
    PROGRAM HOST:PORT SCENARIO            status 0: all was as expected
    PROGRAM HOST:PORT worker              works on the load until killed; a line once it does
    PROGRAM HOST:PORT load SECONDS WIDE   gives load; prints what became of it, as JSON
"""

import json
import os
import select
import subprocess
import time
import unittest

import server
from server import _alone as alone, _digest as digest, _run as fetch

SCENARIO_SECONDS = 240
# How long workers are killed, and the life of one from the first thing it does.
KILL_SECONDS = int(os.environ.get("PERDURE_KILL_SECONDS", "10"))
LIFE_SECONDS = 0.2
WORKING_SECONDS = 120  # until a worker does a first thing: virtual machines start slowly
WIDE = 20  # instances at a time
# An instance that is not done after two minutes counts as stuck; the program then ends.
LOAD_END_SECONDS = 300


def build(command, folder):
    """As fetch, but what does not compile is a mistake and no reason to skip."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=server.INSTALL_SECONDS)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(command)}:\n{ran.stdout}{ran.stderr}")


class Case(unittest.TestCase):
    """A program, and a server for it."""

    server_arguments = ()

    @staticmethod
    def install():
        """The command line of the program. Skips what is not to be had here."""
        raise NotImplementedError

    def setUp(self):  # not of the class: a class that is skipped counts as no test at all
        self.program = self.install()
        self.server = server.Server(*self.server_arguments)
        self.addCleanup(self.server.close)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), f"the server died: {self.server.log()}")

    def begin(self, *arguments):
        process = subprocess.Popen([*self.program, self.server.address, *arguments], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, SCENARIO_SECONDS)
        self.addCleanup(process.kill)
        return process


class Scenarios(Case):
    count_min = 1

    def run_all(self):
        listed = subprocess.run([*self.program, "list"], capture_output=True, text=True,
                                check=True, timeout=SCENARIO_SECONDS).stdout.split()
        self.assertGreaterEqual(len(listed), self.count_min, listed)
        for name in listed:
            with self.subTest(name):
                begun = time.monotonic()
                ran = subprocess.run([*self.program, self.server.address, name], text=True,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, timeout=SCENARIO_SECONDS)
                print(f"{name}: {ran.returncode}, {time.monotonic() - begun:.1f} s", flush=True)
                self.assertEqual(ran.returncode, 0, f"{ran.stdout}\nserver: {self.server.log()}")


class Killed(Case):
    """Workers or servers that are killed over and over: nothing is lost, and nothing gets stuck."""

    # A work item may be in the hands of many that die; that is no reason to give it up here.
    server_arguments = ("--attempts-max", "1000")

    def lives(self, client):
        """One worker from its start until it does something; None: nothing is left to do."""
        worker = self.begin("worker")
        until = time.monotonic() + WORKING_SECONDS
        while not select.select([worker.stdout], [], [], 0.1)[0]:
            self.assertIsNone(worker.poll(), "the worker ended by itself")
            if client.poll() is not None:
                return None
            self.assertLess(time.monotonic(), until, "the worker was given nothing to do")
        self.assertEqual(worker.stdout.readline(), "working\n")
        return worker

    def under_load(self, kill):
        """Calls `kill(client)` while load is given and it answers true; then checks what became of
        the load."""
        client = self.begin("load", str(KILL_SECONDS), str(WIDE))
        end = time.monotonic() + KILL_SECONDS
        kills = 0
        while time.monotonic() < end and kill(client):
            kills += 1
        self.begin("worker")
        said, _ = client.communicate(timeout=LOAD_END_SECONDS)
        self.assertEqual(client.returncode, 0, said)
        report = json.loads(said)
        print(f"{kills} killed in {KILL_SECONDS} s; {report}", flush=True)
        self.assertEqual((report["failed"], report["wrong"], report["stuck"]), (0, 0, 0),
                         f"server: {self.server.log()}")
        self.assertGreater(report["completed"], 0)
        self.assertGreater(kills, 0)

    def kill_workers(self):
        def kill(client):
            worker = self.lives(client)
            if worker is None:
                return False
            with worker:  # waits for its end, too
                time.sleep(LIFE_SECONDS)
                worker.kill()
            return True

        self.under_load(kill)

    def kill_server(self, seconds):
        """The worker stays, and connects again."""
        self.begin("worker")
        address = self.server.address

        def kill(_):
            time.sleep(seconds)
            self.server.kill()
            self.server.start(address)
            return True

        self.under_load(kill)
