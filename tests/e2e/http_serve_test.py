#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""`perdure serve` over HTTP: the APIs are there, keys are asked for, an end comes in order. What
the APIs answer is tested in tests/http."""

import http.client
import json
import re
import signal

import programs
import serve_test


class Http(programs.Case):
    def serve(self, *arguments):
        server = serve_test.Served(self, *arguments)
        server.http = re.search(r" http=(\S+)", server.ready).group(1)
        return server

    def ask(self, server, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection(server.http, timeout=programs.TIMEOUT_SECONDS)
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    def end(self, server):
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)

    def test_what_was_started_is_there_after_the_server_was_killed(self):
        server = self.serve()
        self.assertEqual(self.ask(server, "GET", "/readyz"), (200, b"ready\n"))
        status, _ = self.ask(server, "POST", "/api/v1/instances",
                             '{"name":"nobody","id":"a","input":{"n": 1.0}}')
        self.assertEqual(status, 201)
        status, _ = self.ask(server, "POST",
                             "/runtime/webhooks/durabletask/orchestrators/nobody/b", "1")
        self.assertEqual(status, 202)
        server.kill()
        again = self.serve()
        status, content = self.ask(again, "GET", "/api/v1/instances/a?include=input")
        self.assertEqual(status, 200)
        self.assertIn(b'"input":{"n": 1.0}', content)
        status, content = self.ask(again, "GET", "/durabletask/instances/b")
        self.assertEqual((status, json.loads(content)["runtimeStatus"]), (202, "Pending"))
        version = self.run_program(programs.perdure(), "version").stdout.split()[1]
        self.assertEqual(json.loads(self.ask(again, "GET", "/api/v1/server")[1])["version"],
                         version)
        self.end(again)

    def test_without_keys_only_loopback_s_names_are_answered_to(self):
        server = self.serve()
        status, content = self.ask(server, "GET", "/healthz", headers={"Host": "evil.example"})
        self.assertEqual(status, 421, content)
        port = server.http.rsplit(":", 1)[1]
        status, _ = self.ask(server, "GET", "/healthz", headers={"Host": f"localhost:{port}"})
        self.assertEqual(status, 200)
        self.end(server)

    def test_keys_are_asked_for(self):
        keys = {}
        for name, scope in (("reader", "read:*"), ("shop", "operate:orders")):
            ran = self.run_program(programs.perdure(), "keys", "create", name, "--scope", scope,
                                   "--json", "--keys-file", "keys.jsonl")
            keys[name] = json.loads(ran.stdout)["key"]
        server = self.serve("--keys-file", "keys.jsonl")

        def status(method, target, key=None, body=None):
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            return self.ask(server, method, target, body, headers)[0]

        start = '{"name":"nobody","id":"a"}'
        self.assertEqual(status("GET", "/healthz"), 200)
        self.assertEqual(status("GET", "/api/v1/instances"), 401)
        self.assertEqual(status("GET", "/api/v1/instances", "pdk_nonsense"), 401)
        self.assertEqual(status("GET", "/api/v1/instances", keys["reader"]), 200)
        self.assertEqual(status("POST", "/api/v1/instances", keys["reader"], start), 403)
        self.assertEqual(status("POST", "/api/v1/instances?hub=orders", keys["shop"], start), 201)
        self.assertEqual(status("POST", "/api/v1/instances?hub=other", keys["shop"], start), 403)
        self.assertEqual(status("DELETE", "/api/v1/instances?hub=orders&status=FAILED",
                                keys["shop"]), 403)
        base = "/runtime/webhooks/durabletask/instances/a"
        self.assertEqual(status("GET", f"{base}?taskHub=orders"), 401)
        self.assertEqual(status("GET", f"{base}?taskHub=orders&code={keys['shop']}"), 202)
        self.assertEqual(status("POST", f"{base}/terminate?taskHub=orders&code={keys['shop']}"),
                         202)
        self.assertEqual(status("DELETE", f"{base}?taskHub=orders&code={keys['shop']}"), 403)
        self.end(server)

    def test_who_waits_is_answered_at_the_end(self):
        server = self.serve()
        self.ask(server, "POST", "/api/v1/instances", '{"name":"nobody","id":"a"}')
        connection = http.client.HTTPConnection(server.http, timeout=programs.TIMEOUT_SECONDS)
        connection.request("GET", "/api/v1/instances/a/wait?timeout=300")
        # Answered only when the wait is under way: the requests of one connection are in order.
        self.assertEqual(self.ask(server, "GET", "/api/v1/instances/a")[0], 200)
        server.tell(signal.SIGTERM)
        self.assertIn(connection.getresponse().status, (202, 503))
        connection.close()
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    programs.main()
