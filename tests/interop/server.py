# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""What the interoperability tests share: a server of this build, the SDKs from their registries
(installed once into the build folder), and `main`.

    <test>.py BUILD [Class.test ...]

A toolchain or a registry that is not there is a reason to skip: if nothing else ran, the exit
status is 77, which ctest reports as skipped, never as passed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77
READY_SECONDS = 60
INSTALL_SECONDS = 300
PROGRAM_SECONDS = 500
HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


def build_folder():
    return pathlib.Path(os.environ["PERDURE_BUILD"])


def installed_folder(name):
    return build_folder() / "interop" / name


class Server:
    """`perdure serve` on free ports; its folder is kept from one start to the next."""

    def __init__(self, *arguments):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="perdure-interop-"))
        self.arguments = arguments
        self.process = None
        self.start()

    def start(self, grpc="127.0.0.1:0"):
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(build_folder() / "bin" / "perdure"), "serve", "--data",
                 str(self.folder / "store"), "--grpc-address", grpc, "--http-address",
                 "127.0.0.1:0", "--ready-file", str(ready), *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the server did not start: {self.log()}")
            time.sleep(0.02)
        said = json.loads(ready.read_text())
        self.address = said["grpc"]
        self.http = said["http"]

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        """The exit status after a signal to end in order."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(READY_SECONDS)

    def kill(self):
        self.process.kill()
        self.process.wait(READY_SECONDS)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Case(unittest.TestCase):
    """One server for all tests of a class; every test has a hub of its own."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.arguments)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.hub = self.id().rsplit(".", 1)[1].removeprefix("test_")[:60].replace("_", "-")

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), f"the server died: {self.server.log()}")


@contextlib.contextmanager
def _alone(folder):
    """Tests run side by side; one of them installs."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command, folder):
    """Skips with the last line of what it said, if it fails: it is the machine, not the server."""
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise unittest.SkipTest(f"{command[0]}: {error}") from error
    if ran.returncode != 0:
        said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()
        raise unittest.SkipTest(f"{' '.join(command)}: {said[-1] if said else ran.returncode}")


def _digest(*files):
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def install_javascript():
    """The folder with node_modules and the programs beside it."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed")
    folder = installed_folder("javascript")
    sources = HERE / "javascript"
    wanted = _digest(sources / "package.json", sources / "package-lock.json")
    stamp = folder / ".installed"
    with _alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(sources / name, folder)
            _run(["npm", "ci", "--no-audit", "--no-fund", "--no-update-notifier",
                  "--ignore-scripts"], folder)
            stamp.write_text(wanted)
        for program in sources.glob("*.js"):
            target = folder / program.name
            if not target.exists() or target.read_bytes() != program.read_bytes():
                shutil.copy(program, target)
    return folder


def install_python():
    """The interpreter of a virtual environment with the SDK."""
    folder = installed_folder("python")
    requirements = HERE / "python" / "requirements.txt"
    wanted = _digest(requirements)
    stamp = folder / ".installed"
    interpreter = folder / "venv" / "bin" / "python"
    with _alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            _run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], folder)
            _run([str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check",
                  "-r", str(requirements)], folder)
            stamp.write_text(wanted)
    return str(interpreter)


def stubs():
    """A folder with Python code generated from our protocol file, for raw gRPC."""
    folder = installed_folder("stubs")
    proto = SOURCE / "api" / "proto" / "durabletask" / "orchestrator_service.proto"
    wanted = _digest(proto)
    stamp = folder / ".generated"
    with _alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            ran = subprocess.run(
                [sys.executable, "-m", "grpc_tools.protoc", f"-I{proto.parent}",
                 f"--python_out={folder}", f"--grpc_python_out={folder}", proto.name],
                cwd=proto.parent, capture_output=True, text=True)
            if ran.returncode != 0:
                raise AssertionError(ran.stderr)
            stamp.write_text(wanted)
    return folder


def in_environment():
    """Goes on as the interpreter that has the SDK, once."""
    os.environ["PERDURE_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    if os.environ.get("PERDURE_INTEROP_PYTHON"):
        return
    try:
        interpreter = install_python()
    except unittest.SkipTest as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    os.environ["PERDURE_INTEROP_PYTHON"] = interpreter
    os.execv(interpreter, [interpreter, "-B", *sys.argv])


def main():
    os.environ["PERDURE_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    program = unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[2:]], exit=False,
                            verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        for _, reason in result.skipped:
            print(f"skipped: {reason}")
        sys.exit(SKIPPED)
