#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""api/openapi.yaml and the server say the same: every route is described, every description is
routed, and a story of calls is answered as described."""

import json
import urllib.parse

import described

PRIVATE_BASE = "/durabletask"
PUBLIC_BASE = "/runtime/webhooks/durabletask"


def shape(path):
    """Without the names of the parameters."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


class Agreement(described.Case):
    def routed(self):
        return {(method, shape(path)) for method, path in self.stage.routes}

    def test_every_operation_is_routed(self):
        routed = self.routed()
        for method, path, operation, _ in self.description.operations():
            self.assertIn((method, shape(path)), routed, operation["operationId"])

    def test_every_route_is_described(self):
        operations = {(method, shape(path))
                      for method, path, _, _ in self.description.operations()}
        for method, path in self.stage.routes:
            if path.startswith(PRIVATE_BASE + "/"):
                path = PUBLIC_BASE + path.removeprefix(PRIVATE_BASE)  # the same, elsewhere
            self.assertIn((method, shape(path)), operations)
        self.assertGreater(len(operations), 35)

    def test_the_document_is_consistent(self):
        ids = [operation["operationId"] for _, _, operation, _ in self.description.operations()]
        self.assertEqual(len(ids), len(set(ids)))
        for _, path, operation, parameters in self.description.operations():
            names = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
            self.assertEqual(names, {part[1:-1] for part in path.split("/")
                                     if part.startswith("{")}, operation["operationId"])
        text = described.DESCRIPTION.read_text(encoding="utf-8")
        for kind, parts in self.description.root["components"].items():
            for name in parts:
                used = f"#/components/{kind}/{name}\"" in text
                self.assertTrue(used or kind == "securitySchemes", f"{kind}/{name} is not used")

    def test_it_is_served_as_it_is(self):
        status, headers, body = self.stage.ask("GET", "/api/openapi.yaml")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "application/yaml; charset=utf-8"))
        self.assertEqual(body, described.DESCRIPTION.read_bytes())


class Story(described.Case):
    """Calls that succeed, so that the described successes are met too."""

    def setUp(self):
        super().setUp()
        self.by_id = {operation["operationId"]: (method, path, operation)
                      for method, path, operation, _ in self.description.operations()}
        self.met = set()

    def call(self, operation_id, expected, body=None, query=None, headers=None, **parameters):
        method, path, operation = self.by_id[operation_id]
        for name, value in parameters.items():
            path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
        if query:
            path += "?" + urllib.parse.urlencode(query)
        sent = dict(headers or {})
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        status, answered, content = self.stage.ask(method, path, body, sent)
        self.assertEqual(status, expected, (operation_id, content))
        self.assertIsNone(self.description.answer_complaint(
            operation, status, answered.get("Content-Type", ""), content), operation_id)
        self.met.add((operation_id, status))
        return json.loads(content) if "json" in answered.get("Content-Type", "") else content

    def test_instances(self):
        self.call("startInstance", 201, {"name": "chain", "id": "a", "input": 2,
                                         "tags": {"k": "v"}, "idempotency_key": "1"})
        self.call("startInstance", 200, {"name": "chain", "id": "a", "input": 2,
                                         "tags": {"k": "v"}, "idempotency_key": "1"})
        self.assertEqual(self.call("waitForInstance", 200, query={"timeout": 60}, id="a")["output"],
                         2)
        self.call("getInstance", 200, query={"include": "input"}, id="a")
        self.call("getHistory", 200, id="a")
        self.call("watchInstance", 200, id="a")
        self.call("startInstance", 201, {"name": "parent", "id": "p", "input": 1})
        self.call("waitForInstance", 200, query={"timeout": 60}, id="p")
        self.call("getHistory", 200, id="p")
        self.call("startInstance", 201, {"name": "nap", "id": "n", "input": 1})
        self.call("waitForInstance", 200, query={"timeout": 60}, id="n")
        self.call("getHistory", 200, id="n")
        self.call("startInstance", 201, {"name": "unknown", "id": "f"})
        failed = self.call("waitForInstance", 200, query={"timeout": 60}, id="f")
        self.assertEqual(failed["status"], "FAILED")
        self.call("getHistory", 200, id="f")
        self.call("rewindInstance", 202, {"reason": "again"}, id="f")
        self.call("listInstances", 200, query={"limit": 2, "include": "input"})
        self.call("restartInstance", 200, {"new_id": True}, id="a")
        self.call("purgeInstance", 200, id="a")
        self.call("getInstance", 404, id="a")
        self.call("purgeInstances", 200, query={"status": "COMPLETED"})

    def test_control(self):
        self.call("startInstance", 201, {"name": "gather", "id": "g", "input": 2})
        self.call("waitForInstance", 202, query={"timeout": 0.01}, id="g")
        self.call("raiseEvent", 202, 1, id="g", event="go")
        self.call("suspendInstance", 202, {"reason": "x"}, id="g")
        self.call("resumeInstance", 202, id="g")
        self.call("terminateInstance", 202, {"output": [1], "reason": "x"}, id="g")
        self.call("waitForInstance", 200, query={"timeout": 60}, id="g")
        self.call("getHistory", 200, id="g")
        self.call("rewindInstance", 412, id="g")

    def test_entities(self):
        self.call("callEntity", 200, 5, name="counter", key="k", operation="add")
        self.call("callEntity", 422, name="counter", key="k", operation="boom")
        self.call("signalEntity", 202, 5, name="counter", key="k", operation="add")
        self.call("getEntity", 200, name="counter", key="k")
        self.call("listEntities", 200, query={"include": "state"})
        self.call("getServer", 200)
        self.call("getHealth", 200)
        self.call("getReadiness", 200)

    def test_functions(self):
        wait = {"timeout": 60, "pollingInterval": 1}
        self.call("functionsStart", 202, 1, function="gather")
        self.call("functionsStart", 200, 1, query=wait, function="chain")
        self.call("functionsStartWithId", 200, 1, query=wait, function="chain", id="a")
        self.call("functionsStartWithId", 500, 1, function="unknown", id="u",
                  query={**wait, "returnInternalServerErrorOnFailure": "true"})
        self.call("functionsStartWithId", 202, 1, function="gather", id="g")
        self.call("functionsStartWithId", 500, 1, function="gather", id="g")
        everything = {"showHistory": "true", "showHistoryOutput": "true"}
        for name in ("a", "u"):
            self.call("functionsStatus", 200, query=everything, id=name)
        self.call("functionsStatus", 202, query=everything, id="g")
        self.call("functionsList", 200)
        self.call("functionsSuspend", 202, id="g")
        self.call("functionsResume", 202, id="g")
        self.call("functionsRaiseEvent", 202, 1, id="g", event="go")
        self.call("functionsRewind", 202, id="u")
        self.call("functionsRestart", 202, id="a")
        self.call("functionsRestart", 200, id="a", query=wait)
        self.call("functionsTerminate", 410, id="a")
        self.call("functionsPurge", 200, id="a")
        self.call("functionsPurge", 404, id="a")
        self.call("functionsPurgeMany", 200, query={"createdTimeFrom": "2020-01-01"})
        self.call("functionsSignalEntity", 202, 1, query={"op": "add"}, name="counter", key="f")
        while self.call("functionsEntities", 200, query={"fetchState": "true"}) == []:
            pass
        self.call("functionsEntity", 200, name="counter", key="f")
        self.call("functionsEntitiesOfName", 200, name="counter")
        self.call("functionsDeleteEntity", 202, name="counter", key="f")
        self.call("functionsMakePrimary", 200)


class Judge(described.Case):
    """The judge itself notices what is wrong."""

    def test_it_notices(self):
        by_id = {operation["operationId"]: operation
                 for _, _, operation, _ in self.description.operations()}
        get = by_id["getInstance"]
        _, _, body = self.stage.ask("POST", "/api/v1/instances", '{"name":"gather","id":"x"}')
        self.assertIn(b"created", body)
        good = json.loads(self.stage.ask("GET", "/api/v1/instances/x")[2])

        def complaint(value, status=200, media="application/json"):
            return self.description.answer_complaint(get, status, media,
                                                     json.dumps(value).encode())

        self.assertIsNone(complaint(good))
        self.assertIn("lacks ['id']", complaint({k: v for k, v in good.items() if k != "id"}))
        self.assertIn("surprise is not described", complaint({**good, "surprise": 1}))
        self.assertIn("none of", complaint({**good, "status": "Running"}))
        self.assertIn("not integer", complaint({**good, "execution": "1"}))
        self.assertIn("not integer", complaint({**good, "execution": True}))
        self.assertIn("no moment", complaint({**good, "created": "today"}))
        self.assertIn("is null", complaint({**good, "name": None}))
        self.assertIn("not described", complaint(good, status=201))
        self.assertIn("not ['application/json']", complaint(good, media="text/plain"))
        self.assertIn("lacks ['error']", complaint({}, status=404))
        self.assertIn("has a body",
                      self.description.answer_complaint(by_id["raiseEvent"], 202, "", b"x"))


if __name__ == "__main__":
    described.main()
