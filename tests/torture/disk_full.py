# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The disk gets full at some moment: the program ends with a status and a line that say so, and
after the disk has grown everything that was acknowledged is there."""

import time

import disks
from session import CORRUPT, FULL, NOT_NOW, STORE_LOST, Violation

NAME = "disk_full"
SUMMARY = "the disk gets full, and grows again"
MUTANTS = ("hidden_full_disk",)
LOOPS = 60
DISK_BYTES = 160 << 20  # room for some segments of the log beside a store that was just made
SMALL_BYTES = 20 << 20  # hardly room for a new store
SECONDS_MAX = 0.4  # of work before the disk gets full
LEFT_BYTES_MAX = 200_000


def run(session):
    disks.require("mount", "umount")
    while session.more():
        small = session.random.random() < 0.25
        size = session.random.randrange(1 << 20, SMALL_BYTES) if small else DISK_BYTES
        folder = session.folder / f"disk-{session.counts.loops}"
        with disks.Memory(folder, size) as disk:
            place = session.place(disk.mounted)
            with session.keeping(place):
                fill(session, disk, place)
                disk.grow(2 * DISK_BYTES)
                session.recover(place)
        folder.rmdir()


def fill(session, disk, place):
    program = session.begin("loop", place)
    if disk.size_bytes == DISK_BYTES:
        time.sleep(session.random.uniform(0.05, SECONDS_MAX))
        disk.fill(session.random.randrange(LEFT_BYTES_MAX))
    status = session.ended(program)
    session.counts.faults += 1
    if status not in (FULL, NOT_NOW, STORE_LOST):
        which = "the damage" if status == CORRUPT else "something else"
        raise Violation(f"on a full disk it ended with status {status}, which means {which}: "
                        f"{session.said()}")
    if "no space" not in session.said().lower() and "full" not in session.said().lower():
        raise Violation(f"on a full disk it said: {session.said()}")
