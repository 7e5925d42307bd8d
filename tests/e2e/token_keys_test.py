#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""A server that fetches the keys of tokens from where an identity provider publishes them."""

import base64
import http.server
import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import programs
import wire
from serve_test import Served

UNAUTHENTICATED = 16
GET = "/TaskHubSidecarService/GetInstance"
FLOOD = 200


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signer:
    """An RSA key of a provider."""

    def __init__(self, folder, kid):
        self.kid = kid
        self.file = folder / f"{kid}.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                     self.file)
        modulus = self.openssl("rsa", "-in", self.file, "-noout", "-modulus").decode()
        self.modulus = bytes.fromhex(modulus.strip().removeprefix("Modulus="))

    @staticmethod
    def openssl(*arguments, data=b""):
        return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True,
                              capture_output=True, timeout=programs.TIMEOUT_SECONDS).stdout

    def jwk(self):
        return {"kty": "RSA", "kid": self.kid, "n": base64url(self.modulus), "e": "AQAB"}

    def token(self, kid=None):
        now = int(time.time())
        header = {"alg": "RS256", "kid": kid or self.kid}
        claims = {"iss": "id", "aud": "us", "sub": "ann", "nbf": now - 600, "exp": now + 6000,
                  "scope": "read:default"}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self.openssl("dgst", "-sha256", "-sign", self.file, data=text.encode())
        return f"{text}.{base64url(signature)}"


class Provider:
    """Publishes keys, and counts who asks."""

    def __init__(self, case, port=0, tls=None):
        provider = self
        self.keys = []
        self.asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                body = json.dumps({"keys": provider.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)


class TokenKeys(programs.Case):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.skipTest("the program openssl signs the tokens")

    def serve(self, port, scheme="http"):
        return Served(self, "--jwks-url", f"{scheme}://localhost:{port}/keys", "--jwt-issuer",
                      "id", "--jwt-audience", "us")

    @staticmethod
    def status(server, token):
        with wire.connect(server.grpc) as connection:
            return wire.status(connection, GET, wire.field(1, "none"),
                               authorization=f"Bearer {token}", hub="default")

    def wait_until(self, server, token, known):
        """There is no telling when; the test ends by its own timeout."""
        while (self.status(server, token) != UNAUTHENTICATED) != known:
            time.sleep(0.05)

    def test_a_provider_that_comes_later_and_changes_its_keys(self):
        with socket.socket() as taken:  # nobody listens here
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            first = Signer(self.folder, "first")
            server = self.serve(port)
            server.wait_for_error("jwks-url .* no token is believed")
            self.assertEqual(self.status(server, first.token()), UNAUTHENTICATED)
        provider = Provider(self, port)
        provider.keys = [first.jwk()]
        token = first.token()
        self.wait_until(server, token, True)
        server.wait_for_error("jwks-url .* answers again")

        second = Signer(self.folder, "second")
        provider.keys = [second.jwk()]
        server.tell(signal.SIGHUP)
        self.wait_until(server, second.token(), True)
        self.assertEqual(self.status(server, token), UNAUTHENTICATED)
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)

    def test_tokens_with_keys_that_do_not_exist_cause_few_fetches(self):
        provider = Provider(self)
        signer = Signer(self.folder, "real")
        provider.keys = [signer.jwk()]
        server = self.serve(provider.port)
        self.wait_until(server, signer.token(), True)
        begin = time.monotonic()
        before = provider.asked
        for number in range(FLOOD):
            self.assertEqual(self.status(server, signer.token(f"made-up-{number}")),
                             UNAUTHENTICATED)
        allowed = 1 + (time.monotonic() - begin) / 30
        self.assertLessEqual(provider.asked - before, allowed)
        self.wait_until(server, signer.token(), True)

    def test_a_provider_that_nobody_vouches_for_is_not_believed(self):
        Signer.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
                       "-addext", "subjectAltName=DNS:localhost", "-keyout",
                       self.folder / "key.pem", "-out", self.folder / "certificate.pem")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.folder / "certificate.pem", self.folder / "key.pem")
        provider = Provider(self, tls=tls)
        signer = Signer(self.folder, "its")
        provider.keys = [signer.jwk()]
        server = self.serve(provider.port, "https")
        server.wait_for_error("jwks-url https://.* certificate.* no token is believed")
        self.assertEqual(self.status(server, signer.token()), UNAUTHENTICATED)
        self.assertEqual(provider.asked, 0)

    def test_a_url_that_others_could_change_on_the_way_is_refused(self):
        ran = self.run_program(programs.perdure(), "serve", "--jwks-url", "http://id.example.org/",
                               "--jwt-issuer", "id", "--jwt-audience", "us")
        self.refused(ran, 2, "INVALID_ARGUMENT", "jwks-url", "https://")


if __name__ == "__main__":
    programs.main()
