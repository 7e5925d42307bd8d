#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""`perdure serve` as a process: what it says, what it refuses, how it ends and begins again."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading

import programs
import wire

READY = re.compile(r"^perdure: ready grpc=(\S+)(?: http=\S+)? data=(.*)\n$")


class Served:
    """A server process, and the lines that it wrote."""

    def __init__(self, case, *arguments, env=None):
        self.process = subprocess.Popen(
            [programs.perdure(), "serve", "--grpc-address", "127.0.0.1:0", "--http-address",
             "127.0.0.1:0", "--connections-max", "100", *arguments], cwd=case.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(env or {})})
        case.addCleanup(self.kill)
        self.errors = []
        self.more_errors = threading.Condition()
        self.reader = threading.Thread(target=self._read_errors, daemon=True)
        self.reader.start()
        self.ready = self.process.stdout.readline()
        match = READY.match(self.ready)
        if not match:
            self.process.wait(programs.TIMEOUT_SECONDS)
            self.reader.join(programs.TIMEOUT_SECONDS)
            raise AssertionError(f"no ready line but {self.ready!r}, {''.join(self.errors)}")
        self.grpc, self.data = match.groups()

    def _read_errors(self):
        for line in self.process.stderr:
            with self.more_errors:
                self.errors.append(line)
                self.more_errors.notify_all()

    def wait_for_error(self, pattern):
        """Until a line on stderr has this in it."""
        def there():
            return any(re.search(pattern, line) for line in self.errors)
        with self.more_errors:
            assert self.more_errors.wait_for(there, programs.TIMEOUT_SECONDS), self.errors

    def health(self):
        with wire.connect(self.grpc) as connection:
            return wire.health(connection)

    def tell(self, number):
        self.process.send_signal(number)

    def end(self):
        """The exit status, after what was left on stdout was checked to be nothing."""
        status = self.process.wait(programs.TIMEOUT_SECONDS)
        self.reader.join(programs.TIMEOUT_SECONDS)
        assert self.process.stdout.read() == "", "one line on stdout, no more"
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(programs.TIMEOUT_SECONDS)
        self.reader.join(programs.TIMEOUT_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()


class Serve(programs.Case):
    def serve(self, *arguments, **options):
        return Served(self, *arguments, **options)

    def test_it_says_when_it_is_ready_and_answers(self):
        server = self.serve("--data", "store", "--ready-file", "ready.json")
        self.assertEqual(server.data, "store")
        self.assertEqual(server.health(), wire.SERVING)
        ready = json.loads((self.folder / "ready.json").read_text())
        self.assertEqual((ready["pid"], ready["grpc"], ready["data"]),
                         (server.process.pid, server.grpc, "store"))
        with wire.connect(server.grpc) as connection:
            self.assertIsNone(wire.call(connection, "/no.such.Service/Call"))
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)
        self.assertFalse((self.folder / "ready.json").exists(), "nobody waits for a dead server")

    def test_either_signal_drains_and_ends_with_zero(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve("--data", "store")
            server.tell(number)
            self.assertEqual(server.end(), 0)
            self.assertRegex("".join(server.errors), r"^perdure: info: told to end: .*\n$")
        self.ask("list")  # the store is free, and whole

    def test_a_hangup_does_not_end_it(self):
        server = self.serve()
        server.tell(signal.SIGHUP)
        self.assertEqual(server.health(), wire.SERVING)
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)

    def test_a_second_instance_is_refused(self):
        server = self.serve("--data", "store")
        second = self.run_program(programs.perdure(), "serve", "--data", "store",
                                  "--grpc-address", "127.0.0.1:0")
        self.refused(second, 6, "STORE_LOCKED", "store", str(server.process.pid))
        self.refused(self.cli("list"), 6, "STORE_LOCKED")
        self.assertEqual(server.health(), wire.SERVING)

    def test_a_port_that_is_taken_is_refused(self):
        server = self.serve("--data", "store")
        second = self.run_program(programs.perdure(), "serve", "--data", "other",
                                  "--grpc-address", server.grpc)
        self.refused(second, 10, "UNAVAILABLE", "grpc-address", server.grpc)
        self.assertEqual(server.health(), wire.SERVING)

    def test_killed_it_begins_again(self):
        for _ in range(3):
            server = self.serve("--data", "store")
            self.assertEqual(server.health(), wire.SERVING)
            server.tell(signal.SIGKILL)
            self.assertEqual(server.end(), -signal.SIGKILL)
        server = self.serve("--data", "store")
        self.assertEqual(server.health(), wire.SERVING)

    def test_data_may_be_named_in_front_and_by_the_environment(self):
        ran = self.run_program(programs.perdure(), "--data", "a", "serve", "--print-config")
        self.assertIn('data = "a"  # --data\n', ran.stdout)
        ran = self.run_program(programs.perdure(), "serve", "--print-config",
                               env={"PERDURE_DATA": "b"})
        self.assertIn('data = "b"  # PERDURE_DATA\n', ran.stdout)
        ran = self.run_program(programs.perdure(), "--data", "a", "serve", "--print-config",
                               "--data", "c", env={"PERDURE_DATA": "b"})
        self.assertIn('data = "c"  # --data\n', ran.stdout)


class Drain(programs.Case):
    """A worker that holds a turn while the server is told to end."""

    SERVICE = "/TaskHubSidecarService/"

    def hold(self, *arguments):
        server = Served(self, "--data", "store", *arguments)
        with wire.connect(server.grpc) as connection:
            self.assertIsNotNone(wire.call(connection, self.SERVICE + "StartInstance",
                                           wire.field(1, "one") + wire.field(2, "work")))
        stream = wire.connect(server.grpc)
        self.addCleanup(stream.close)
        wire.send(stream, self.SERVICE + "GetWorkItems", wire.field(1, 1))
        for _ in range(100):  # pings come in between
            item = wire.fields(wire.receive(stream))
            if 1 in item:
                return server, item[10]
        self.fail("no turn was handed out")

    def wait_until_not_serving(self, server):
        server.wait_for_error("told to end")
        while server.health() != wire.NOT_SERVING:
            pass  # it was told, and does it next

    def status(self):
        return self.ask("get", "one")["status"]

    def test_what_a_worker_holds_may_be_handed_in(self):
        server, token = self.hold("--drain-seconds", "3600")
        server.tell(signal.SIGTERM)
        self.wait_until_not_serving(server)
        completed = wire.field(2, wire.field(6, wire.field(1, 1)))  # with the status COMPLETED
        with wire.connect(server.grpc) as connection:
            self.assertIsNotNone(wire.call(connection, self.SERVICE + "CompleteOrchestratorTask",
                                           wire.field(1, "one") + completed +
                                           wire.field(4, token)))
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.status(), "COMPLETED")

    def test_a_second_signal_ends_at_once(self):
        server, _ = self.hold("--drain-seconds", "3600")
        server.tell(signal.SIGTERM)
        self.wait_until_not_serving(server)
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), -signal.SIGTERM)
        self.assertEqual(self.status(), "PENDING")

    def test_nobody_waits_longer_than_the_time_to_drain(self):
        server, _ = self.hold("--drain-seconds", "0")
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.status(), "PENDING")


class Limits(programs.Case):
    def test_so_many_connections_from_one_address(self):
        server = Served(self, "--connections-per-address-max", "2")
        first, second = wire.connect(server.grpc), wire.connect(server.grpc)
        for one in (first, second):
            self.addCleanup(one.close)
            self.assertEqual(wire.health(one), wire.SERVING)
        with self.assertRaises(wire.Closed):
            server.health()
        server.wait_for_error("warning: .*connections-per-address-max 2")
        first.close()
        for _ in range(10_000):  # that it left is noticed a moment later
            try:
                self.assertEqual(server.health(), wire.SERVING)
                break
            except wire.Closed:
                continue
        else:
            self.fail("no place became free")

    def test_a_message_that_is_too_large_is_refused_and_others_go_on(self):
        server = Served(self, "--message-size-max", "64KiB")
        for size, right in ((65_000, True), (200_000, False)):
            with wire.connect(server.grpc) as connection:
                # A field that nobody knows is passed over.
                message = b"\x7a" + bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])
                try:
                    answer = wire.call(connection, "/grpc.health.v1.Health/Check",
                                       message + bytes(size))
                except wire.Closed:
                    answer = None
                self.assertEqual(answer is not None, right, size)
        self.assertEqual(server.health(), wire.SERVING)


class Options(programs.Case):
    def serve(self, *arguments, **options):
        return self.run_program(programs.perdure(), "serve", *arguments, **options)

    def refuse(self, *arguments, words=(), status=2, code="INVALID_ARGUMENT", **options):
        self.refused(self.serve(*arguments, **options), status, code, *words)
        self.assertFalse((self.folder / "perdure-data").exists(), "the store was touched")

    def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(self):
        (self.folder / "serve.toml").write_text(
            "executors = 2\nattempts-max = 3\ndrain-seconds = 4\n")
        ran = self.serve("--config", "serve.toml", "--print-config", "--executors", "5",
                         env={"PERDURE_SERVE_EXECUTORS": "6", "PERDURE_SERVE_ATTEMPTS_MAX": "7"})
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        lines = ran.stdout.splitlines()
        self.assertIn("executors = 5  # --executors", lines)
        self.assertIn("attempts-max = 7  # PERDURE_SERVE_ATTEMPTS_MAX", lines)
        self.assertIn("drain-seconds = 4  # serve.toml, line 3", lines)
        self.assertIn('memory = "1GiB"  # default', lines)
        (self.folder / "printed.toml").write_text(ran.stdout)
        again = self.serve("--print-config", env={"PERDURE_SERVE_CONFIG": "printed.toml"})
        values = [line.split("  # ")[0] for line in lines]
        self.assertEqual([line.split("  # ")[0] for line in again.stdout.splitlines()], values)

    def test_switches_can_be_turned_off_again(self):
        (self.folder / "serve.toml").write_text("allow-plaintext-credentials = true\n")
        for flag, value in (((), "true"), (("--allow-plaintext-credentials",), "true"),
                            (("--allow-plaintext-credentials=false",), "false")):
            ran = self.serve("--config", "serve.toml", "--print-config", *flag)
            self.assertIn(f"allow-plaintext-credentials = {value}  #", ran.stdout, ran)

    def test_mistakes_name_where_they_are_and_the_way_out(self):
        (self.folder / "serve.toml").write_text("executors = 1\nexecuters = 2\n")
        self.refuse("--config", "serve.toml",
                    words=("serve.toml, line 2", "'executers'", "did you mean 'executors'?"))
        (self.folder / "serve.toml").write_text("executors = \n")
        self.refuse("--config", "serve.toml", words=("serve.toml, line 1",))
        self.refuse("--config", "none.toml", words=("none.toml",), status=3, code="NOT_FOUND")
        self.refuse(env={"PERDURE_SERVE_GRPC_ADRESS": "x"},
                    words=("did you mean 'PERDURE_SERVE_GRPC_ADDRESS'?",))
        self.refuse(env={"PERDURE_SERVE_EXECUTORS": "many"},
                    words=("PERDURE_SERVE_EXECUTORS", "1 to 64"))
        self.refuse("--executors", "0", words=("--executors", "1 to 64"))
        self.refuse("--grpc-address", "example.org:80", words=("--grpc-address", "127.0.0.1:4001"))
        self.refuse("--grpc-adress", "x", words=("--grpc-adress",))

    def test_other_machines_need_to_be_known(self):
        self.refuse("--grpc-address", "0.0.0.0:0", words=("keys-file", "jwks-file", "127.0.0.1"))
        self.refuse("--http-address", "[::]:0", words=("keys-file",))
        self.refuse("--grpc-address", "0.0.0.0:0", "--keys-file", "keys.jsonl",
                    words=("tls-certificate", "allow-plaintext-credentials"))

    def test_help_has_every_option(self):
        ran = self.serve("--help")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        printed = self.serve("--print-config").stdout
        names = [line.split(" = ")[0] for line in printed.splitlines()]
        self.assertGreaterEqual(len(names), 20)
        for name in [*names, "config", "print-config"]:
            self.assertRegex(ran.stdout, rf"(?m)^  --{name}[ \n]")


class Tls(programs.Case):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.skipTest("the program openssl makes the certificates")

    def make(self, serial, days=1):
        """certificate.pem and key.pem, in place of those that are there."""
        made = self.run_program(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-days", str(days), "-set_serial", str(serial), "-keyout", "key.new", "-out",
            "certificate.new")
        self.assertEqual(made.returncode, 0, made.stderr)
        for name in ("key", "certificate"):
            (self.folder / f"{name}.new").rename(self.folder / f"{name}.pem")

    def flags(self):
        return "--tls-certificate", "certificate.pem", "--tls-key", "key.pem"

    def serial(self, server):
        with wire.connect_with_tls(server.grpc, self.folder / "trusted.pem") as connection:
            self.assertEqual(wire.health(connection), wire.SERVING)
            return int(connection.getpeercert()["serialNumber"], 16)

    def trust(self):
        with open(self.folder / "trusted.pem", "a", encoding="ascii") as file:
            file.write((self.folder / "certificate.pem").read_text())

    def test_calls_are_encrypted_and_a_new_certificate_needs_no_restart(self):
        self.make(7)
        self.trust()
        server = Served(self, *self.flags())
        self.assertEqual(self.serial(server), 7)
        with self.assertRaises(wire.Closed):
            server.health()  # without TLS
        self.make(8)
        self.trust()
        for _ in range(programs.TIMEOUT_SECONDS * 10):
            if self.serial(server) == 8:
                break
            threading.Event().wait(0.1)
        self.assertEqual(self.serial(server), 8)
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)

    def test_other_machines_may_come_when_callers_are_known_and_tls_is_on(self):
        self.make(7)
        ran = self.run_program(programs.perdure(), "keys", "create", "a", "--scope", "read:*",
                               "--keys-file", "keys.jsonl")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        ran = self.run_program(programs.perdure(), "serve", *self.flags(), "--keys-file",
                               "keys.jsonl", "--grpc-address", "0.0.0.0:0", "--print-config")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))

    def test_what_can_not_serve_is_refused_at_the_start(self):
        def refuse(*words, status=2, code="INVALID_ARGUMENT"):
            ran = self.run_program(programs.perdure(), "serve", *self.flags(), "--grpc-address",
                                   "127.0.0.1:0")
            self.refused(ran, status, code, *words)
            self.assertFalse((self.folder / "perdure-data").exists(), "the store was touched")
        refuse("certificate.pem", status=3, code="NOT_FOUND")
        self.make(7)
        key = (self.folder / "key.pem").read_text()
        self.make(8)
        (self.folder / "key.pem").write_text(key)
        refuse("key.pem", "is not the key of the certificate")
        (self.folder / "key.pem").write_text("nothing")
        refuse("key.pem", "private key")


class Keys(programs.Case):
    def keys(self, *arguments, **options):
        return self.run_program(programs.perdure(), "keys", *arguments, "--keys-file",
                                "keys.jsonl", **options)

    def create(self, name, *scopes, **options):
        flags = [part for scope in scopes for part in ("--scope", scope)]
        ran = self.keys("create", name, *flags, "--json", **options)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return json.loads(ran.stdout)

    def list(self):
        ran = self.keys("list", "--json")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return json.loads(ran.stdout)["keys"]

    def test_create_list_and_revoke(self):
        first = self.create("shop", "operate:orders", "read:*")
        second = self.create("shop", "operate:orders")
        self.assertRegex(first["key"], r"^pdk_[0-9a-f]{12}_[0-9a-f]{64}_[0-9a-f]{8}$")
        self.assertNotEqual(first["key"], second["key"])
        listed = self.list()
        self.assertEqual([key["id"] for key in listed], [first["id"], second["id"]])
        self.assertEqual(listed[0]["scopes"], ["operate:orders", "read:*"])
        stored = (self.folder / "keys.jsonl").read_text()
        for key in (first, second):
            self.assertNotIn(key["key"].split("_")[2], stored, "the secret was stored")
            self.assertNotIn("key", listed[0])
        self.assertEqual((self.folder / "keys.jsonl").stat().st_mode & 0o777, 0o600)
        ran = self.keys("revoke", first["id"])
        self.assertEqual((ran.returncode, ran.stdout), (0, f"revoked {first['id']}\n"))
        self.assertEqual([key["id"] for key in self.list()], [second["id"]])
        self.refused(self.keys("revoke", first["id"]), 3, "NOT_FOUND", first["id"])

    def test_text_for_people_has_the_key_once(self):
        ran = self.keys("create", "shop", "--scope", "work:*", "--expires", "90d")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        key = re.search(r"(?m)^key +(pdk_\S+)$", ran.stdout).group(1)
        self.assertEqual(ran.stdout.count(key), 1)
        listed = self.keys("list").stdout
        self.assertIn("shop", listed)
        self.assertNotIn(key.split("_")[2], listed)
        self.assertRegex(listed, r"20\d\d-\d\d-\d\dT\S+ +20\d\d-")

    def test_mistakes(self):
        self.refused(self.keys("create", "shop", "--scope", "write:orders"), 2, "INVALID_ARGUMENT",
                     "write:orders", "operate:orders")
        self.refused(self.keys("create", "", "--scope", "read:*"), 2, "INVALID_ARGUMENT", "name")
        self.refused(self.keys("create", "shop"), 2, "INVALID_ARGUMENT", "--scope")
        self.refused(self.keys("create", "shop", "--scope", "read:*", "--expires", "soon"), 2,
                     "INVALID_ARGUMENT", "soon")
        self.assertFalse((self.folder / "keys.jsonl").exists())
        self.refused(self.keys("list"), 3, "NOT_FOUND", "keys.jsonl")
        (self.folder / "keys.jsonl").write_text("{}\n")
        self.refused(self.keys("list"), 2, "INVALID_ARGUMENT", "keys.jsonl, line 1")
        self.refused(self.keys("create", "shop", "--scope", "read:*"), 2, "INVALID_ARGUMENT",
                     "keys.jsonl, line 1")
        self.refused(self.run_program(programs.perdure(), "keys", "list"), 2, "INVALID_ARGUMENT",
                     "--keys-file")

    def ask(self, server, method, key, hub=None):
        """Whether the call got an answer; a refusal has a status and no message."""
        with wire.connect(server.grpc) as connection:
            # Of all these requests the first field is the id of an instance.
            return wire.call(connection, f"/TaskHubSidecarService/{method}", wire.field(1, "i"),
                             authorization=key and f"Bearer {key}", hub=hub) is not None

    def test_a_call_that_names_no_hub_means_the_one_of_the_options(self):
        key = self.create("reader", "read:orders")["key"]
        server = Served(self, "--keys-file", "keys.jsonl", "--hub", "orders")
        self.assertTrue(self.ask(server, "GetInstance", key))
        self.assertFalse(self.ask(server, "GetInstance", key, "default"))

    def test_a_call_needs_a_key_for_its_action_in_its_hub(self):
        reader = self.create("reader", "read:default")["key"]
        owner = self.create("owner", "administer:orders")["key"]
        late = self.create("late", "administer:*")["key"]
        server = Served(self, "--keys-file", "keys.jsonl")
        self.assertEqual(server.health(), wire.SERVING)  # a load balancer has no key
        damaged = reader[:-1] + ("0" if reader[-1] != "0" else "1")
        for key, method, hub, right in (
                (None, "GetInstance", None, False), ("x.y.z", "GetInstance", None, False),
                (damaged, "GetInstance", None, False), (reader, "GetInstance", None, True),
                (reader, "GetInstance", "orders", False), (reader, "StartInstance", None, False),
                (reader, "PurgeInstances", None, False), (owner, "GetInstance", "orders", True),
                (owner, "PurgeInstances", "orders", True), (owner, "GetInstance", None, False),
                (late, "GetInstance", "orders", True)):
            self.assertEqual(self.ask(server, method, key, hub), right, (method, hub, right))
        revoked = next(one["id"] for one in self.list() if one["name"] == "late")
        self.assertEqual(self.keys("revoke", revoked).returncode, 0)
        server.wait_for_error("info: the files that say who may call changed")  # without a signal
        self.assertFalse(self.ask(server, "GetInstance", late, "orders"))
        self.assertTrue(self.ask(server, "GetInstance", reader))
        errors = "".join(server.errors)
        for key in (reader, owner, late):
            self.assertNotIn(key.split("_")[2], errors)

    def test_a_server_reads_its_keys_at_the_start_and_again_when_told(self):
        self.create("shop", "read:*")
        server = Served(self, "--keys-file", "keys.jsonl")
        self.create("second", "read:*")
        server.tell(signal.SIGHUP)
        server.wait_for_error(r"info: the files that say who may call (were read again|changed)")
        (self.folder / "keys.jsonl").write_text("broken\n")
        server.tell(signal.SIGHUP)
        server.wait_for_error(r"error: keys.jsonl, line 1: .*; whoever was known stays known")
        self.assertEqual(server.health(), wire.SERVING)
        server.tell(signal.SIGTERM)
        self.assertEqual(server.end(), 0)
        again = self.run_program(programs.perdure(), "serve", "--keys-file", "keys.jsonl",
                                 "--grpc-address", "127.0.0.1:0")
        self.refused(again, 2, "INVALID_ARGUMENT", "keys.jsonl, line 1")
        (self.folder / "keys.jsonl").write_text("")
        (self.folder / "keys.jsonl").chmod(0o666)
        again = self.run_program(programs.perdure(), "serve", "--keys-file", "keys.jsonl",
                                 "--grpc-address", "127.0.0.1:0")
        self.refused(again, 11, "PERMISSION_DENIED", "keys.jsonl", "chmod")


if __name__ == "__main__":
    programs.main()
