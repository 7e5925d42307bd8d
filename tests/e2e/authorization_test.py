#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Every gRPC call that there is, by every role: who may, may, and nobody else.

The calls are read from api/proto: one that is not in the table below fails the test, so that a
new call can not be forgotten.
"""

import json
import pathlib
import re

import programs
import wire
from serve_test import Served

PROTO = pathlib.Path(__file__).resolve().parents[2] / "api" / "proto"
OK, UNIMPLEMENTED, PERMISSION_DENIED, UNAUTHENTICATED = 0, 12, 7, 16

# Needs no credential: it says only that a server is there, as a connection does.
OPEN = "open"
ACTIONS = {
    "TaskHubSidecarService": {
        OPEN: "Hello",
        "read": "GetInstance WaitForInstanceStart WaitForInstanceCompletion QueryInstances "
                "ListInstanceIds StreamInstanceHistory GetEntity QueryEntities",
        "operate": "StartInstance RewindInstance RestartInstance RaiseEvent TerminateInstance "
                   "SuspendInstance ResumeInstance SignalEntity",
        "work": "GetWorkItems CompleteActivityTask CompleteOrchestratorTask CompleteEntityTask "
                "AbandonTaskActivityWorkItem AbandonTaskOrchestratorWorkItem "
                "AbandonTaskEntityWorkItem",
        "administer": "PurgeInstances CreateTaskHub DeleteTaskHub CleanEntityStorage "
                      "SkipGracefulOrchestrationTerminations",
    },
    "perdure.v1.Workers": {"work": "Work"},
    "perdure.v1.Clients": {
        # Each call of a conversation is admitted by itself: conversation_test.cc.
        "read": "Get Wait List History GetEntity ListEntities Converse",
        "operate": "Start Raise Terminate Suspend Resume Rewind Restart Call Signal",
        "administer": "Purge PurgeWhere",
    },
}
# What goes on until its caller leaves: here only who is refused can be seen.
ENDLESS = {"/TaskHubSidecarService/GetWorkItems", "/perdure.v1.Workers/Work",
           "/perdure.v1.Clients/Converse"}
PROBLEM_PERMISSION_DENIED = 17  # of api/errors.def

ROLES = {
    "reader": {"read"},
    "client": {"read", "operate"},
    "worker": {"work"},
    "administrator": {"read", "operate", "work", "administer"},
}
SCOPES = {
    "reader": ["read:own"],
    "client": ["operate:own"],
    "worker": ["work:own"],
    "administrator": ["administer:own"],
    "foreigner": ["administer:foreign"],
}


def calls_of_the_table():
    return {f"/{service}/{name}": action for service, actions in ACTIONS.items()
            for action, names in actions.items() for name in names.split()}


def calls_of_the_protocols():
    found = set()
    for path in sorted(PROTO.rglob("*.proto")):
        text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        package = re.search(r"(?m)^package ([\w.]+);", text)
        for service in re.finditer(r"(?ms)^service (\w+) \{(.*?)^\}", text):
            name = (f"{package.group(1)}." if package else "") + service.group(1)
            found |= {f"/{name}/{call}" for call in re.findall(r"\brpc (\w+)", service.group(2))}
    return found


class Authorization(programs.Case):
    def key(self, name):
        scopes = [part for scope in SCOPES[name] for part in ("--scope", scope)]
        ran = self.run_program(programs.perdure(), "keys", "create", name, *scopes, "--keys-file",
                               "keys.jsonl", "--json")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return json.loads(ran.stdout)["key"]

    def start(self):
        self.keys = {name: self.key(name) for name in SCOPES}
        self.server = Served(self, "--keys-file", "keys.jsonl")

    def status(self, call, credential, hub="own"):
        with wire.connect(self.server.grpc) as connection:
            return wire.status(connection, call, authorization=credential, hub=hub)

    def test_every_call_is_in_the_table(self):
        self.assertEqual(calls_of_the_protocols(), set(calls_of_the_table()))

    def test_a_caller_who_is_not_known_gets_nothing(self):
        self.start()
        damaged = self.keys["administrator"][:-20] + "0" * 20
        for call, action in calls_of_the_table().items():
            if action == OPEN:
                self.assertEqual(self.status(call, None), OK, call)
                continue
            for credential in (None, "Bearer x", "Bearer a.b.c", f"Bearer {damaged}",
                               self.keys["administrator"]):
                self.assertEqual(self.status(call, credential), UNAUTHENTICATED,
                                 (call, credential))

    def test_every_role_may_do_its_own_in_its_own_hub_and_nothing_else(self):
        self.start()
        for call, action in calls_of_the_table().items():
            if action == OPEN:
                continue
            for name, key in self.keys.items():
                for hub in ("own", "foreign", "other"):
                    right = (hub == "own" and action in ROLES.get(name, ())) or (
                        hub == "foreign" and name == "foreigner")
                    if right and call in ENDLESS:
                        continue
                    status = self.status(call, f"Bearer {key}", hub)
                    if right:
                        self.assertNotIn(status, (UNIMPLEMENTED, PERMISSION_DENIED,
                                                  UNAUTHENTICATED), (call, name, hub))
                    else:
                        self.assertEqual(status, PERMISSION_DENIED, (call, name, hub))

    def test_each_call_of_a_conversation_is_admitted_by_itself(self):
        self.start()
        start = wire.field(1, wire.field(1, 7) + wire.field(2, wire.field(1, "one")))
        wait = wire.field(1, wire.field(1, 7) + wire.field(3, wire.field(1, "unknown")))
        for calls, refused in ((start, True), (wait, False)):
            with wire.connect(self.server.grpc) as stream:
                wire.send(stream, "/perdure.v1.Clients/Converse", calls,
                          authorization=f"Bearer {self.keys['reader']}", hub="own")
                message = {}
                while 2 not in message:
                    message = wire.fields(wire.receive(stream))
                problem = wire.fields(wire.fields(message[2])[2])
                self.assertEqual(problem[1] == PROBLEM_PERMISSION_DENIED, refused, problem)

    def test_what_a_worker_was_given_is_no_business_of_another_hub(self):
        """A token of one hub, handed in by somebody who may work in another."""
        self.start()
        service = "/TaskHubSidecarService/"
        with wire.connect(self.server.grpc) as connection:
            self.assertIsNotNone(wire.call(
                connection, service + "StartInstance", wire.field(1, "one") + wire.field(2, "w"),
                authorization=f"Bearer {self.keys['client']}", hub="own"))
        stream = wire.connect(self.server.grpc)
        self.addCleanup(stream.close)
        wire.send(stream, service + "GetWorkItems", wire.field(1, 1),
                  authorization=f"Bearer {self.keys['worker']}", hub="own")
        item = {}
        while 1 not in item:
            item = wire.fields(wire.receive(stream))
        done = (wire.field(1, "one") + wire.field(2, wire.field(6, wire.field(1, 1))) +
                wire.field(4, item[10]))

        def hand_in(name, hub):
            with wire.connect(self.server.grpc) as connection:
                return wire.status(connection, service + "CompleteOrchestratorTask", done,
                                   authorization=f"Bearer {self.keys[name]}", hub=hub)

        def status_of_instance(method):
            with wire.connect(self.server.grpc) as connection:
                answer = wire.call(connection, service + method, wire.field(1, "one"),
                                   authorization=f"Bearer {self.keys['client']}", hub="own")
            return wire.fields(wire.fields(answer)[2]).get(4, 0)
        completed = 1
        hand_in("foreigner", "foreign")  # a late answer is no mistake; it must change nothing
        self.assertEqual(hand_in("foreigner", "own"), PERMISSION_DENIED)
        self.assertNotEqual(status_of_instance("GetInstance"), completed)
        self.assertEqual(hand_in("worker", "own"), OK)
        self.assertEqual(status_of_instance("WaitForInstanceCompletion"), completed)


if __name__ == "__main__":
    programs.main()
