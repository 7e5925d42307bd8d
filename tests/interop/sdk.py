# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Clients and workers of the Python SDK, each test with a task hub of its own."""

import inspect
import logging
import time

from durabletask.client import TaskHubGrpcClient
from durabletask.worker import TaskHubGrpcWorker

import server

WAIT_SECONDS = 60


def until(ask, accepts):
    """What `ask` answers when it is accepted for the first time."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        answer = ask()
        if accepts(answer):
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"still {answer!r}")
        time.sleep(0.02)


class Case(server.Case):
    def setUp(self):
        super().setUp()
        logging.disable(logging.CRITICAL)
        self.client = self.connect(self.hub)

    def connect(self, hub):
        client = TaskHubGrpcClient(host_address=self.server.address, metadata=[("taskhub", hub)])
        self.addCleanup(client.close)
        return client

    def worker(self, *functions, before=None, entities=(), **options):
        """One that runs, until the test ends."""
        worker = TaskHubGrpcWorker(host_address=self.server.address,
                                   metadata=[("taskhub", self.hub)], **options)
        for function in functions:
            if is_orchestrator(function):
                worker.add_orchestrator(function)
            else:
                worker.add_activity(function)
        for entity in entities:
            worker.add_entity(entity)
        if before:
            before(worker)
        worker.start()
        self.addCleanup(worker.stop)
        return worker

    def ended(self, made):
        return self.client.wait_for_orchestration_completion(made, timeout=WAIT_SECONDS)

    def run_one(self, name, value=None, **options):
        return self.ended(self.client.schedule_new_orchestration(name, input=value, **options))


ORCHESTRATORS = {"child", "listener", "who", "v", "now", "nobody_yet", "quick", "fails_at_once",
                 "started"}


def is_orchestrator(function):
    """Generators are; of the others those with the names that the tests use for it."""
    return inspect.isgeneratorfunction(function) or function.__name__ in ORCHESTRATORS
