# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""File systems made for a test, in mounts that only this process and its children see: when it
ends, in whatever way, they are gone."""

import ctypes
import errno
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import time

from session import Skip

CLONE_NEWNS = 0x00020000
SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): the same number for ext4 and XFS
WITHOUT_LOG_FLUSH = 2
FREEZE_SECONDS_MAX = 60
UNMOUNT_TRIES_MAX = 50
PAGE_BYTES = 4096

_own_mounts = []  # empty until this process has mounts of its own


def require(*programs):
    """Mounts of our own, and these programs; raises Skip without."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program, path=path) is None:
            raise Skip(f"{program} is not installed")
    if os.geteuid() != 0:
        raise Skip("mounting needs root")
    if not _own_mounts:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise Skip(f"no mounts of our own: {os.strerror(ctypes.get_errno())}")
        os.environ["PATH"] = path
        run("mount", "--make-rprivate", "/")
        _own_mounts.append(True)


def run(*command):
    """Raises Skip with what the program said if it fails: the fault is of the test's machinery."""
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, check=False)
    if ran.returncode != 0:
        raise Skip(f"{' '.join(map(str, command))}: {ran.stderr.strip() or ran.returncode}")


def unmount(folder):
    """What writes back may hold a file system for a moment after its last user is gone."""
    for left in range(UNMOUNT_TRIES_MAX, 0, -1):
        try:
            return run("umount", folder)
        except Skip:
            if left == 1:
                raise
            time.sleep(0.1)


def freeze(process):
    """Stops the process, and returns when every thread of it stands still."""
    os.kill(process, signal.SIGSTOP)
    deadline = time.monotonic() + FREEZE_SECONDS_MAX
    while any(state_of(task) not in "TZX" for task in tasks_of(process)):
        if time.monotonic() > deadline:
            raise Skip(f"process {process} could not be stopped")
        time.sleep(0.0005)


def tasks_of(process):
    return list(pathlib.Path(f"/proc/{process}/task").iterdir())


def state_of(task):
    try:
        return (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


class Disk:
    """A file system in a file, mounted at `mounted`. `more` are options of its mkfs. The file has
    holes where nothing was written yet, but for the first `allocated_bytes` of it."""

    def __init__(self, folder, kind, image_bytes, more=(), allocated_bytes=0):
        folder = pathlib.Path(folder)
        self.image = folder / "image"
        self.mounted = folder / "mounted"
        self.mounted.mkdir(parents=True)
        self.image.touch()
        os.truncate(self.image, image_bytes)
        options = {"ext4": ("-q", "-F"), "xfs": ("-q", "-f")}[kind]
        run(f"mkfs.{kind}", *options, *more, self.image)
        if allocated_bytes > 0:
            with open(self.image, "r+b") as image:
                os.posix_fallocate(image.fileno(), 0, allocated_bytes)

    def __enter__(self):
        self.mount()
        return self

    def __exit__(self, *_):
        # The last try must not hide what went wrong before it.
        subprocess.run(["umount", str(self.mounted)], capture_output=True, check=False)

    def mount(self):
        run("mount", "-o", "loop", self.image, self.mounted)

    def cut_power(self):
        folder = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, WITHOUT_LOG_FLUSH.to_bytes(4, "little"))
        finally:
            os.close(folder)

    def unmount(self):
        unmount(self.mounted)

    def restore_power(self):
        self.unmount()
        self.mount()


class Memory:
    """A file system in memory, of a size that can change."""

    def __init__(self, folder, size_bytes):
        self.mounted = pathlib.Path(folder)
        self.mounted.mkdir(parents=True)
        self.size_bytes = size_bytes

    def __enter__(self):
        run("mount", "-t", "tmpfs", "-o", f"size={self.size_bytes}", "tmpfs", self.mounted)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.mounted)], capture_output=True, check=False)

    def grow(self, by_bytes):
        self.size_bytes += by_bytes
        run("mount", "-o", f"remount,size={self.size_bytes}", self.mounted)

    def fill(self, leave_bytes):
        """Takes all free space but so much. Others may take of it at the same time: what can not
        be had at once is taken in ever smaller pieces."""
        with open(self.mounted / "ballast", "wb") as ballast:
            taken, piece = 0, 1 << 30
            while piece >= PAGE_BYTES:
                free = os.statvfs(self.mounted)
                room = free.f_bavail * free.f_frsize - leave_bytes
                try:
                    if room >= piece:
                        os.posix_fallocate(ballast.fileno(), taken, piece)
                        taken += piece
                        continue
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                piece //= 2
