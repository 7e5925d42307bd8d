#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""A server, workers and a client of the C++ SDK, each a process; and some of them die."""

import re
import subprocess
import time

import programs

READY = re.compile(r"^perdure: ready grpc=(\S+)")


class Remote(programs.Case):
    def spawn(self, *command):
        process = subprocess.Popen([str(part) for part in command], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait(programs.TIMEOUT_SECONDS)
        process.stdout.close()

    def serve(self, address="127.0.0.1:0"):
        """The process, and where it listens."""
        server = self.spawn(programs.perdure(), "serve", "--grpc-address", address,
                            "--http-address", "127.0.0.1:0", "--data", "store")
        match = READY.match(server.stdout.readline())
        self.assertTrue(match, "no ready line")
        return server, match.group(1)

    def work(self, address):
        worker = self.spawn(programs.example("remote"), "--role", "worker", "--address", address)
        self.assertIn("working for", worker.stdout.readline())
        return worker

    def ask_for(self, address, instances, in_flight, steps):
        return self.spawn(programs.example("remote"), "--role", "client", "--address", address,
                          "--instances", instances, "--in-flight", in_flight, "--steps", steps)

    def check(self, client, instances, steps):
        out, _ = client.communicate(timeout=programs.TIMEOUT_SECONDS)
        self.assertIn(f"{instances} orchestrations of {steps} steps, 0 wrong", out)
        self.assertEqual(client.returncode, 0)

    def test_a_worker_and_a_client_of_a_server(self):
        _, address = self.serve()
        worker = self.work(address)
        self.check(self.ask_for(address, 100, 8, 5), 100, 5)
        worker.terminate()
        self.assertEqual(worker.wait(programs.TIMEOUT_SECONDS), 0)

    def test_workers_that_are_killed_lose_nothing(self):
        _, address = self.serve()
        workers = [self.work(address), self.work(address)]
        client = self.ask_for(address, 400, 8, 10)
        kills = 0
        while client.poll() is None or kills == 0:
            time.sleep(self.random.uniform(0.05, 0.3))
            victim = self.random.randrange(len(workers))
            self.end(workers[victim])
            workers[victim] = self.work(address)
            kills += 1
        self.check(client, 400, 10)

    def test_a_server_that_is_killed_loses_nothing(self):
        server, address = self.serve()
        self.work(address)
        client = self.ask_for(address, 400, 8, 10)
        kills = 0
        while client.poll() is None and kills < 5 or kills == 0:
            time.sleep(self.random.uniform(0.1, 0.5))
            self.end(server)
            server, _ = self.serve(address)
            kills += 1
        self.check(client, 400, 10)


if __name__ == "__main__":
    programs.main()
