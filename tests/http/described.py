# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the HTTP APIs share: api/openapi.yaml, a judge of answers against its schemas,
and http_stage, the server to talk to.

    <test>.py HTTP_STAGE [Class.test ...]

Without PyYAML nothing can be judged: then everything is skipped, with exit status 77.
"""

import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    yaml = None

SKIPPED = 77
PATIENCE_SECONDS = 120
DESCRIPTION = pathlib.Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
METHODS = ("get", "post", "delete", "put", "patch")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
JSON_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
              "number": (int, float)}


class Description:
    """The document, and what an answer must look like."""

    def __init__(self, text):
        self.root = yaml.safe_load(text)

    def resolve(self, part):
        while isinstance(part, dict) and "$ref" in part:
            target = self.root
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            part = target
        return part

    def operations(self):
        """(method, path, operation, parameters) of every operation."""
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    parameters = item.get("parameters", []) + operation.get("parameters", [])
                    yield (method.upper(), path, operation,
                           [self.resolve(parameter) for parameter in parameters])

    def complaint(self, schema, value, where="the body"):
        """None, or the first thing in `value` that `schema` does not allow."""
        schema = self.resolve(schema)
        if "anyOf" in schema:
            found = [self.complaint(each, value, where) for each in schema["anyOf"]]
            return None if None in found else found[0]
        if value is None:
            return None if schema.get("nullable") else f"{where} is null"
        if "type" in schema:
            types = JSON_TYPES[schema["type"]]
            if not isinstance(value, types) or (isinstance(value, bool)
                                                and schema["type"] != "boolean"):
                return f"{where} is {type(value).__name__}, not {schema['type']}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{where} is {value!r}, none of {schema['enum']}"
        if "minimum" in schema and value < schema["minimum"]:
            return f"{where} is {value}"
        if schema.get("format") == "date-time" and not DATE_TIME.fullmatch(value):
            return f"{where} is {value!r}, no moment"
        if isinstance(value, list) and "items" in schema:
            return self.first(self.complaint(schema["items"], each, f"{where}[{i}]")
                              for i, each in enumerate(value))
        if isinstance(value, dict):
            return self.object_complaint(schema, value, where)
        return None

    def object_complaint(self, schema, value, where):
        missing = [name for name in schema.get("required", []) if name not in value]
        if missing:
            return f"{where} lacks {missing}"
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for name, member in value.items():
            if name in properties:
                found = self.complaint(properties[name], member, f"{where}.{name}")
            elif others is False:
                found = f"{where}.{name} is not described"
            else:
                found = self.complaint(others, member, f"{where}.{name}") if others is not True \
                    else None
            if found:
                return found
        return None

    @staticmethod
    def first(complaints):
        return next((complaint for complaint in complaints if complaint), None)

    def answer_complaint(self, operation, status, content_type, body):
        """None, or why this answer is not one that the operation describes."""
        responses = operation["responses"]
        described = responses.get(str(status))
        if described is None:
            if "default" not in responses or status < 400:
                return f"status {status} is not described"
            described = responses["default"]
        content = self.resolve(described).get("content")
        if content is None:
            return None if body == b"" else f"status {status} has a body: {body[:200]!r}"
        media = content_type.split(";")[0]
        if media not in content:
            return f"status {status} is {content_type!r}, not {list(content)}"
        if media != "application/json":
            return None
        try:
            value = json.loads(body)
        except ValueError as problem:
            return f"status {status} is no JSON: {problem}: {body[:200]!r}"
        found = self.complaint(content[media]["schema"], value)
        return f"status {status}: {found}: {body[:300]!r}" if found else None


class Stage:
    """http_stage as a process; it ends when its standard input does."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.environ["PERDURE_HTTP_STAGE"], *arguments], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.routes = []
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "port":
                self.port = int(words[1])
            elif words[0] == "route":
                self.routes.append((words[1], words[2]))
            else:
                break

    def close(self):
        """Its exit status; not 0 if it crashed, or a sanitizer found something."""
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()

    def counters(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        return dict(zip(words[0::2], map(int, words[1::2])))

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def ask(self, method, target, body=None, headers=None, connection=None):
        """(status, headers, body)"""
        mine = connection or self.connect()
        mine.request(method, target, body=body, headers=headers or {})
        response = mine.getresponse()
        answer = (response.status, response.headers, response.read())
        if connection is None:
            mine.close()
        return answer


class Case(unittest.TestCase):
    """A server, the description, and a seed that is printed."""

    stage_arguments = ()

    def setUp(self):
        if yaml is None:
            self.skipTest("PyYAML is not installed (python3-yaml)")
        self.description = Description(DESCRIPTION.read_text(encoding="utf-8"))
        seed = int(os.environ.get("PERDURE_SEED", random.SystemRandom().randrange(2**32)))
        print(f"{self.id()}: PERDURE_SEED={seed}", flush=True)
        self.random = random.Random(seed)
        self.stage = Stage(*self.stage_arguments)
        self.addCleanup(self.end_stage)

    def end_stage(self):
        self.assertEqual(self.stage.close(), 0, "the server ended in order")


def main():
    os.environ["PERDURE_HTTP_STAGE"] = str(pathlib.Path(sys.argv[1]).resolve())
    result = unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[2:]], exit=False,
                           verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        for _, reason in result.skipped:
            print(f"skipped: {reason}")
        sys.exit(SKIPPED)
