#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Requests made from api/openapi.yaml, and broken in every way that the description allows to
think of: no answer is a 5xx, each is as described, the server lives and answers a good request."""

import http.client
import json
import os
import urllib.parse

import described

REQUESTS = int(os.environ.get("PERDURE_HTTP_FUZZ_REQUESTS", "3000"))
NASTY = ("", "0", "-1", "null", "x" * 600, "@", "@a@b", "$", "..", "../..", "%", "%00", "a b", "ä",
         "\u202e", "\ufeff", "'", "\"", "<script>", "{{7*7}}", "9" * 30, "1e400", "true", "*", "\\",
         "a/b", "?", "#", "&", "=", ";", "{}", "[]", "\x7f", "\U0001f600", "2026-02-30", "NaN")
# What the worker of the stage runs, so that some requests get far.
NAMES = ("chain", "fan", "nap", "parent", "gather", "again", "tell", "nothing")
IDS = tuple(f"i{number}" for number in range(8))
SLOW = ("waitForInstance", "functionsStart", "functionsStartWithId", "functionsRestart")


class Generator:
    """Values of a schema, mostly; sometimes something else."""

    def __init__(self, description, random):
        self.description = description
        self.random = random

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def value(self, schema, depth=0):
        schema = self.description.resolve(schema)
        if self.chance(8):
            return self.anything(depth)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            return [self.value(schema["items"], depth + 1)
                    for _ in range(self.random.randrange(4))]
        if kind == "boolean":
            return self.chance(50)
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 10)
            return self.random.choice((low, high, low - 1, high + 1, 1, 2, 0.5, 10**20))
        if kind == "string":
            return self.text(schema)
        return self.anything(depth)

    def object(self, schema, depth):
        made = {}
        for name, member in schema.get("properties", {}).items():
            if name in schema.get("required", ()) or self.chance(40):
                made[name] = self.value(member, depth + 1)
        if "name" in made and self.chance(80):
            made["name"] = self.random.choice(NAMES)
        if self.chance(80):
            made = {name: self.random.choice(IDS) if name == "id" else each
                    for name, each in made.items()}
        if self.chance(5) or schema.get("additionalProperties", False) is not False:
            made[self.random.choice(NASTY)] = self.random.choice(NASTY)
        return made

    def text(self, schema):
        if schema.get("format") == "date-time" and self.chance(80):
            return self.random.choice(("2026-01-31T10:20:30Z", "2020-01-01", "2999-12-31T23:59:59",
                                       "2026-01-31T10:20:30+01:00"))
        return self.random.choice(NASTY)

    def anything(self, depth):
        makers = [lambda: None, lambda: self.chance(50), lambda: self.random.randrange(-2, 10),
                  lambda: self.random.choice(NASTY), lambda: 1.5]
        if depth < 6:
            makers += [lambda: [self.anything(depth + 1) for _ in range(3)],
                       lambda: {self.random.choice(NASTY): self.anything(depth + 1)}]
        return self.random.choice(makers)()

    # ---- whole requests ----

    def path_value(self, parameter):
        if self.chance(15):
            return self.random.choice(NASTY[1:])  # an empty one is the path of another operation
        return {"id": self.random.choice(IDS), "function": self.random.choice(NAMES),
                "name": "counter", "key": self.random.choice(("k", "$")),
                "operation": self.random.choice(("add", "get", "boom", "delete")),
                "event": "go"}[parameter["name"]]

    def request(self, method, path, operation, parameters):
        """(method, target, body, headers)"""
        query, headers = [], {}
        for parameter in parameters:
            if parameter["in"] == "path":
                value = urllib.parse.quote(self.path_value(parameter).encode(), safe="")
                path = path.replace("{" + parameter["name"] + "}", value)
            elif self.chance(25 if parameter["name"] not in ("hub", "taskHub") else 3):
                self.add(parameter, self.value(parameter["schema"]), query, headers)
        if self.chance(3):
            query.append((self.random.choice(NASTY), self.random.choice(NASTY)))
        if operation["operationId"] in SLOW:
            query = [each for each in query if each[0] != "timeout"] + [("timeout", "0.05")]
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        return method, target, self.body(operation, headers), headers

    def add(self, parameter, value, query, headers):
        for each in value if isinstance(value, list) else [value]:
            text = json.dumps(each) if isinstance(each, (dict, bool)) or each is None else str(each)
            if parameter["in"] == "query":
                query.append((parameter["name"], text))
            else:
                headers[parameter["name"]] = "".join(c for c in text if " " < c < "\x7f")

    def body(self, operation, headers):
        if "requestBody" not in operation:
            return self.random.choice(NASTY).encode() if self.chance(5) else None
        content = self.description.resolve(operation["requestBody"])["content"]
        if self.chance(8):
            return None
        headers["Content-Type"] = self.random.choice(list(content)) if self.chance(95) \
            else self.random.choice(("text/plain", "application/xml", ";", "application/json;x"))
        body = json.dumps(self.value(content["application/json"]["schema"])).encode()
        return self.damaged(body) if self.chance(10) else body

    def damaged(self, body):
        at = self.random.randrange(len(body) + 1)
        return self.random.choice((
            body[:at], body + body, b"[" * 200, b"\xff" + body,
            body[:at] + bytes([self.random.randrange(256)]) + body[at:]))


class Fuzz(described.Case):
    def test_every_answer_is_as_described(self):
        generator = Generator(self.description, self.random)
        operations = list(self.description.operations())
        counts = {}
        connection = self.stage.connect()
        for _ in range(REQUESTS):
            method, path, operation, parameters = self.random.choice(operations)
            request = generator.request(method, path, operation, parameters)
            if operation["operationId"] == "watchInstance":
                self.watch(operation, request)
                continue
            try:
                status, headers, body = self.stage.ask(*request, connection=connection)
            except (http.client.HTTPException, OSError) as problem:
                self.fail(f"{request}: {problem!r}")
            self.judge(operation, request, (status, headers, body))
            counts[status] = counts.get(status, 0) + 1
        connection.close()
        print("answers:", dict(sorted(counts.items())))
        for status in (200, 201, 202, 400, 404):
            self.assertGreater(counts.get(status, 0), 0, "the generator reaches this answer")
        self.assertEqual(self.stage.ask("GET", "/healthz")[0], 200)

    def watch(self, operation, request):
        """A stream of an instance that lives would not end."""
        connection = self.stage.connect()
        method, target, body, headers = request
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        content = b"" if response.status == 200 else response.read()
        self.judge(operation, request, (response.status, response.headers, content))
        connection.close()

    def judge(self, operation, request, answer):
        status, headers, body = answer
        # A failed orchestration is told as 500, where the client asked for that; and a start that
        # the id forbids, by the other product's word.
        told = operation["operationId"] in ("functionsStart", "functionsStartWithId",
                                            "functionsStatus", "functionsRestart")
        self.assertTrue(status < 500 or (status == 500 and told), (request, status, body))
        if b'"INTERNAL"' in body:
            self.fail((request, body))
        if request[1].startswith("/api/v1") and status in (404, 405) and b'"error"' in body:
            return  # a nasty path may be another route, or none
        if status in (404, 405):
            return
        complaint = self.description.answer_complaint(
            operation, status, headers.get("Content-Type", ""), body)
        self.assertIsNone(complaint, request)


if __name__ == "__main__":
    described.main()
