#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that mean no good, or are many: the server stays within its memory, and a client that
behaves is answered all the while. No test depends on how long anything takes."""

import contextlib
import http.client
import resource
import shutil
import socket
import ssl
import subprocess
import tempfile
import zlib

import described

MIB = 1 << 20
# With the sanitizers' own memory. A buffer of 64 KiB for each would be noticed.
BYTES_PER_IDLE_CONNECTION_MAX = 32 << 10
MANY = 10_000
SPARE_FILES = 200
HEALTHY_REQUESTS = 50


def files_allowed():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else MANY * 10


class Abuse(described.Case):
    stage_arguments = (str(MANY + SPARE_FILES),)

    def setUp(self):
        self.files = files_allowed()  # the server inherits it
        super().setUp()
        self.open = contextlib.ExitStack()
        self.addCleanup(self.open.close)

    def connect(self, first_bytes=b"", window=None):
        made = self.open.enter_context(socket.socket())
        made.settimeout(described.PATIENCE_SECONDS)
        if window:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        made.connect(("127.0.0.1", self.stage.port))
        if first_bytes:
            made.sendall(first_bytes)
        return made

    def healthy(self):
        """A client that behaves has its answers."""
        connection = self.stage.connect()
        for number in range(HEALTHY_REQUESTS):
            status, _, body = self.stage.ask("GET", "/api/v1/server", connection=connection)
            self.assertEqual(status, 200, (number, body))
        connection.close()

    def until_connected(self, count):
        while self.stage.counters()["connections"] < count:
            pass

    def test_ten_thousand_idle_connections(self):
        if self.files < MANY + SPARE_FILES:
            self.skipTest(f"only {self.files} files may be open, not {MANY + SPARE_FILES}")
        self.healthy()
        before = self.stage.resident_bytes()
        for number in range(MANY):
            self.connect(b"GET / HT" if number % 10 == 0 else b"")
        self.until_connected(MANY)
        self.healthy()
        grown = self.stage.resident_bytes() - before
        print(f"{grown // MANY} bytes for each of {MANY} connections")
        self.assertLess(grown, MANY * BYTES_PER_IDLE_CONNECTION_MAX)
        self.open.close()
        while self.stage.counters()["connections"] > 0:
            pass
        self.healthy()

    def test_readers_that_do_not_read(self):
        payload = b'{"name":"gather","id":"large","input":"' + b"x" * (2 * MIB - 100) + b'"}'
        self.assertEqual(self.stage.ask("POST", "/api/v1/instances", payload)[0], 201)
        self.healthy()
        before = self.stage.resident_bytes()
        request = (b"GET /api/v1/instances/large?include=input HTTP/1.1\r\n"
                   b"Host: localhost\r\n\r\n")
        count, pipelined = 50, 100
        for _ in range(count):
            # 200 MB of answers asked for by each, none of them read.
            self.connect(request * pipelined, window=4096)
        self.until_connected(count)
        self.healthy()
        grown = self.stage.resident_bytes() - before
        print(f"{grown // MIB} MiB for {count} readers that do not read")
        # One answer for each, in two copies at most, and what the allocator keeps.
        self.assertLess(grown, count * 3 * 2 * MIB + 64 * MIB)

    def test_streams_that_nobody_reads(self):
        payload = b'"' + b"x" * MIB + b'"'
        self.stage.ask("POST", "/api/v1/instances", b'{"name":"gather","id":"s","input":50}')
        for _ in range(8):
            self.stage.ask("POST", "/api/v1/instances/s/events/go", payload)
        self.healthy()
        before = self.stage.resident_bytes()
        count = 20
        for _ in range(count):
            self.connect(b"GET /api/v1/instances/s/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
                         window=4096)
        self.until_connected(count)
        self.healthy()
        grown = self.stage.resident_bytes() - before
        print(f"{grown // MIB} MiB for {count} streams that nobody reads")
        self.assertLess(grown, count * 5 * MIB + 64 * MIB)

    def test_headers_and_bodies_that_do_not_end(self):
        for number in range(400):
            self.connect(b"POST / HTTP/1.1\r\nHost: x\r\n" +
                         (b"X: y\r\n" if number % 2 else b"Content-Length: 4000000\r\n\r\nabc"))
        self.until_connected(400)
        self.healthy()

    def test_bombs_and_oversized_messages(self):
        bomb = zlib.compress(b"[" + b"0," * (20 * MIB) + b"0]", 9)
        before = self.stage.resident_bytes()
        for _ in range(5):
            for status, body, headers in (
                    (415, bomb, {"Content-Encoding": "deflate"}),
                    (415, bomb, {"Content-Encoding": "gzip"}),
                    (400, bomb, {}),
                    (400, b"[" * MIB, {}),
                    (400, b'{"name":' * 1000, {})):
                answer = self.stage.ask("POST", "/api/v1/instances", body, headers)
                self.assertEqual(answer[0], status, answer)
        with contextlib.suppress(OSError, http.client.HTTPException):
            # Refused at its header; the body may not even be taken off the wire.
            self.assertEqual(self.stage.ask("POST", "/api/v1/instances", b"x" * (64 * MIB))[0], 413)
        self.assertLess(self.stage.resident_bytes() - before, 128 * MIB)
        self.healthy()

    def test_connections_that_come_and_go(self):
        for number in range(3000):
            made = socket.create_connection(("127.0.0.1", self.stage.port))
            if number % 3 == 0:
                made.sendall(b"GET /api/v1/instances/x/wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if number % 5 == 0:  # a reset instead of a farewell
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            made.close()
        while self.stage.counters()["connections"] > 0:
            pass
        self.healthy()


class Bounded(described.Case):
    stage_arguments = ("20",)

    def test_more_connections_than_allowed(self):
        open_ones = [self.stage.connect() for _ in range(20)]
        for each in open_ones:
            self.assertEqual(self.stage.ask("GET", "/healthz", connection=each)[0], 200)
        status, headers, _ = self.stage.ask("GET", "/healthz")
        self.assertEqual((status, headers["Retry-After"]), (503, "1"))
        for each in open_ones:
            self.assertEqual(self.stage.ask("GET", "/healthz", connection=each)[0], 200)
            each.close()
        while self.stage.counters()["connections"] > 0:
            pass
        self.assertEqual(self.stage.ask("GET", "/healthz")[0], 200)


class Encrypted(described.Case):
    """TLS, with a certificate of its own."""

    def setUp(self):
        if shutil.which("openssl") is None:
            self.skipTest("openssl is not installed")
        folder = tempfile.mkdtemp(prefix="perdure-tls-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.certificate, self.key = f"{folder}/certificate.pem", f"{folder}/key.pem"
        self.make_certificate()
        self.stage_arguments = ("100", self.certificate, self.key)
        super().setUp()

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                        self.key, "-out", self.certificate], check=True, capture_output=True)

    def connect(self, context):
        return http.client.HTTPSConnection("localhost", self.stage.port, context=context,
                                           timeout=described.PATIENCE_SECONDS)

    def test_requests_through_tls(self):
        connection = self.connect(ssl.create_default_context(cafile=self.certificate))
        for number in range(5):
            connection.request("POST", "/runtime/webhooks/durabletask/orchestrators/gather", "1")
            response = connection.getresponse()
            self.assertEqual(response.status, 202, number)
            self.assertTrue(response.headers["Location"].startswith("https://localhost:"))
            response.read()
        large = b'{"name":"gather","id":"l","input":"' + b"x" * MIB + b'"}'
        connection.request("POST", "/api/v1/instances", large)
        self.assertEqual(connection.getresponse().read()[:9], b'{"id":"l"')
        connection.request("GET", "/api/v1/instances/l?include=input")
        self.assertGreater(len(connection.getresponse().read()), MIB)
        connection.close()

    def test_a_new_certificate_needs_no_restart(self):
        first = ssl.create_default_context(cafile=self.certificate)
        kept = self.connect(first)
        self.assertEqual(self.stage.ask("GET", "/healthz", connection=kept)[0], 200)
        self.make_certificate()
        second = ssl.create_default_context(cafile=self.certificate)
        while True:  # the files are looked at every few seconds
            try:
                connection = self.connect(second)
                connection.connect()
                break
            except ssl.SSLCertVerificationError:
                connection.close()
        self.assertEqual(self.stage.ask("GET", "/healthz", connection=connection)[0], 200)
        connection.close()
        self.assertEqual(self.stage.ask("GET", "/healthz", connection=kept)[0], 200)
        kept.close()

    def test_old_versions_and_plain_text_are_refused(self):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError):
            self.connect(old).connect()
        with socket.create_connection(("127.0.0.1", self.stage.port)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            received = plain.recv(100)
        self.assertFalse(received.startswith(b"HTTP/"), received)


if __name__ == "__main__":
    described.main()
