#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that are known by the certificates that they show, over gRPC and HTTP."""

import http.client
import json
import re
import shutil
import signal
import ssl
import time

import programs
import wire
from serve_test import Served

OK, UNAUTHENTICATED, PERMISSION_DENIED = 0, 16, 7
SERVICE = "/TaskHubSidecarService/"
SPIFFE = "spiffe://example.org/"
REFUSED = (wire.Closed, ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)


class ClientCertificates(programs.Case):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.skipTest("the program openssl makes the certificates")
        self.authority("ours")
        self.authority("foreign")
        self.certificate("server", "DNS:localhost,IP:127.0.0.1")

    def openssl(self, *arguments):
        ran = self.run_program("openssl", *arguments)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-subj", f"/CN={name}", "-days", "1", "-keyout", f"{name}.key",
                     "-out", f"{name}.pem")

    def certificate(self, name, names, authority="ours"):
        """name.pem and name.key, for these subjectAltNames."""
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
                     f"{authority}.key", "-days", "1", "-copy_extensions", "copy", "-out",
                     f"{name}.pem")

    def keys(self, *arguments):
        ran = self.run_program(programs.perdure(), "keys", "--keys-file", "keys.jsonl",
                               *arguments, "--json")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return json.loads(ran.stdout)

    def allow(self, identity, scope):
        return self.keys("create", "somebody", "--scope", scope, "--identity", identity)

    def serve(self, *arguments):
        server = Served(self, "--tls-certificate", "server.pem", "--tls-key", "server.key",
                        "--tls-client-ca", "ours.pem", "--keys-file", "keys.jsonl",
                        *arguments)
        self.http_port = int(re.search(r" http=127\.0\.0\.1:(\d+)", server.ready).group(1))
        return server

    def context(self, client):
        context = ssl.create_default_context(cafile=self.folder / "ours.pem")
        if client:
            context.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return context

    def grpc(self, server, client, call="GetInstance", **headers):
        """The status of a call."""
        context = self.context(client)
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(wire.connect(server.grpc),
                                 server_hostname="localhost") as connection:
            return wire.status(connection, SERVICE + call, wire.field(1, "one"), **headers)

    def http(self, client, method="GET", path="instances/one", **headers):
        connection = http.client.HTTPSConnection("localhost", self.http_port, timeout=60,
                                                 context=self.context(client))
        try:
            connection.request(method, f"/api/v1/{path}", headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def remote(self, server, client, *command):
        """The same with the client of the C++ SDK."""
        shown = ("--client-certificate", f"{client}.pem", "--client-key",
                 f"{client}.key") if client else ()
        return self.run_program(programs.perdure(), *command, "--server", server.grpc,
                                "--tls-roots", "ours.pem", *shown)

    def test_a_client_is_whom_its_certificate_is_for(self):
        self.certificate("reader", f"DNS:other.example.org,URI:{SPIFFE}reader")
        self.certificate("till", f"URI:https://example.org/,URI:{SPIFFE}till")
        self.certificate("host", "DNS:host.example.org,DNS:other.example.org")
        self.allow(SPIFFE + "reader", "read:*")
        self.allow(SPIFFE + "till", "operate:default")
        self.allow("host.example.org", "read:default")
        self.allow("other.example.org", "administer:*")  # nobody's first name
        server = self.serve()
        for client, reads, operates in (("reader", True, False), ("till", True, True),
                                        ("host", True, False)):
            self.assertEqual(self.grpc(server, client), OK if reads else PERMISSION_DENIED, client)
            self.assertEqual(self.grpc(server, client, "TerminateInstance") == PERMISSION_DENIED,
                             not operates, client)
            self.assertEqual(self.grpc(server, client, "PurgeInstances"), PERMISSION_DENIED)
            self.assertEqual(self.http(client), 404, client)
            self.assertEqual(self.http(client, "POST", "instances/one/terminate") == 403,
                             not operates, client)
            self.assertEqual(self.http(client, "GET", "instances/one?hub=foreign"),
                             404 if client == "reader" else 403)
            listed = self.remote(server, client, "list")
            self.assertEqual((listed.returncode, listed.stderr), (0, ""), client)
            started = self.remote(server, client, "start", "work")
            if operates:
                self.assertEqual((started.returncode, started.stderr), (0, ""))
            else:
                self.refused(started, 11, "PERMISSION_DENIED", "operate:default")
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)

    def test_without_a_certificate_or_with_one_of_somebody_else_s_there_is_no_way_in(self):
        self.certificate("foreigner", f"URI:{SPIFFE}reader", authority="foreign")
        self.allow(SPIFFE + "reader", "read:*")
        key = self.keys("create", "a", "--scope", "read:*")["key"]
        server = self.serve()
        for client in (None, "foreigner"):
            for headers in ({}, {"authorization": f"Bearer {key}"}):
                with self.assertRaises(REFUSED):
                    self.grpc(server, client, **headers)
                with self.assertRaises(REFUSED):
                    self.http(client, **headers)
            self.refused(self.remote(server, client, "list"), 10, "UNAVAILABLE")

    def test_a_certificate_for_nobody_who_is_known_opens_nothing(self):
        self.certificate("stranger", f"URI:{SPIFFE}stranger")
        self.certificate("nameless", "IP:127.0.0.1")
        known = self.allow(SPIFFE + "reader", "read:*")
        key = self.keys("create", "a", "--scope", "read:*")["key"]
        self.certificate("reader", f"URI:{SPIFFE}reader")
        server = self.serve()
        for client in ("stranger", "nameless"):
            self.assertEqual(self.grpc(server, client), UNAUTHENTICATED, client)
            self.assertEqual(self.http(client), 401, client)
            # A key may come over a connection of anybody whose certificate is good.
            bearer = f"Bearer {key}"
            self.assertEqual(self.grpc(server, client, authorization=bearer), OK, client)
            self.assertEqual(self.http(client, Authorization=bearer), 404, client)
        self.refused(self.remote(server, "stranger", "list"), 11, "UNAUTHENTICATED",
                     SPIFFE + "stranger")
        self.assertEqual(self.http("reader"), 404)
        self.keys("revoke", known["id"])
        server.tell(signal.SIGHUP)
        server.wait_for_error("were read again")
        self.assertEqual(self.http("reader"), 401)
        self.assertEqual(self.grpc(server, "reader"), UNAUTHENTICATED)

    def test_another_authority_needs_no_restart(self):
        self.authority("later")
        self.certificate("reader", f"URI:{SPIFFE}reader", authority="later")
        self.allow(SPIFFE + "reader", "read:*")
        server = self.serve()
        with self.assertRaises(REFUSED):
            self.grpc(server, "reader")
        with self.assertRaises(REFUSED):
            self.http("reader")
        both = "".join((self.folder / f"{name}.pem").read_text() for name in ("ours", "later"))
        (self.folder / "new.pem").write_text(both)
        (self.folder / "new.pem").rename(self.folder / "ours.pem")
        # The file is looked at every few seconds; the test ends by its own timeout.
        for ask, answer in ((lambda: self.grpc(server, "reader"), OK),
                            (lambda: self.http("reader"), 404)):
            found = None
            while found is None:
                try:
                    found = ask()
                except REFUSED:
                    time.sleep(0.1)
            self.assertEqual(found, answer)

    def test_mistakes(self):
        def refuse(status, code, *words, flags=()):
            ran = self.run_program(programs.perdure(), "serve", "--grpc-address", "127.0.0.1:0",
                                   "--tls-client-ca", "ours.pem", *flags)
            self.refused(ran, status, code, *words)
        tls = ("--tls-certificate", "server.pem", "--tls-key", "server.key")
        refuse(2, "INVALID_ARGUMENT", "tls-certificate")
        refuse(2, "INVALID_ARGUMENT", "keys-file", "--identity", flags=tls)
        self.allow(SPIFFE + "reader", "read:*")
        (self.folder / "ours.pem").write_text("nothing\n")
        refuse(2, "INVALID_ARGUMENT", "ours.pem", flags=(*tls, "--keys-file", "keys.jsonl"))
        ran = self.run_program(programs.perdure(), "keys", "--keys-file", "keys.jsonl", "create",
                               "a", "--scope", "read:*", "--identity", "two words")
        self.refused(ran, 2, "INVALID_ARGUMENT", "identity")


if __name__ == "__main__":
    programs.main()
