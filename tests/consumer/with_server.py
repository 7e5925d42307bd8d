#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a program of a user with a web server that says "hello", and with `perdure serve`.

    with_server.py PERDURE|- PROGRAM

The program gets the server's address (not with "-") and the URL; its exit status is this one's.
"""

import http.server
import re
import subprocess
import sys
import tempfile
import threading

TIMEOUT_SECONDS = 300


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


def run(command):
    return subprocess.run(command, timeout=TIMEOUT_SECONDS, check=False).returncode


def run_with_perdure(perdure, program, url):
    with tempfile.TemporaryDirectory(prefix="perdure-consumer-") as folder:
        server = subprocess.Popen(
            [perdure, "serve", "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0",
             "--data", f"{folder}/store", "--http-allow", "127.0.0.1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            ready = re.match(r"perdure: ready grpc=(\S+)", server.stdout.readline())
            if not ready:
                sys.exit("the installed server does not start")
            status = run([program, ready.group(1), url])
            server.terminate()
            return status or server.wait(TIMEOUT_SECONDS)
        finally:
            if server.poll() is None:
                server.kill()
            server.communicate()


def main():
    perdure, program = sys.argv[1:]
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{web.server_address[1]}/"
    status = run([program, url]) if perdure == "-" else run_with_perdure(perdure, program, url)
    web.shutdown()
    sys.exit(status)


if __name__ == "__main__":
    main()
