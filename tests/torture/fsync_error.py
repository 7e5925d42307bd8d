# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The device below the file system can not write: syncs fail, with what was written already in the
system's cache. The store lies on a file system in a file with holes, on a disk that gets full: to
the store's own file system there is space, and the kernel's writes into it fail.

The program must end, whatever a second sync would say; after the device can write again and the
file system was mounted anew, everything that was acknowledged is there.
"""

import time

import disks
from session import Violation

NAME = "fsync_error"
SUMMARY = "syncs fail because the device can not write"
MUTANTS = ("hidden_sync_error",)
LOOPS = 40
DEVICE_BYTES = 2 << 30  # what the store's file system believes
MEMORY_BYTES = 1 << 30  # what there is, until it is taken away
SECONDS_SHORT, SECONDS_LONG = 0.03, 0.4  # before the device fails: in the making, or in the work
SECONDS_OF_A_MUTANT = 1.0  # one that does not notice has to be ended
# The file system's own blocks lie at the beginning. If the device has to allocate them too, the
# file system soon stops as a whole; if not, data is lost one page at a time, and nothing but a sync
# tells of it.
OPTIONS = ("-N", "4096", "-J", "size=4,location=4M")
OWN_BYTES = 9 << 20


def run(session):
    disks.require("mkfs.ext4", "mount", "umount")
    while session.more():
        folder = session.folder / f"memory-{session.counts.loops}"
        with disks.Memory(folder, MEMORY_BYTES) as memory:
            own = session.random.choice((0, OWN_BYTES))
            with disks.Disk(memory.mounted / "disk", "ext4", DEVICE_BYTES, OPTIONS, own) as disk:
                place = session.place(disk.mounted)
                with session.keeping(place):
                    break_device(session, memory, place)
                    disk.unmount()  # before there is space again: nothing is written after all
                    (memory.mounted / "ballast").unlink()
                    disk.mount()
                    session.recover(place)
        folder.rmdir()


def break_device(session, memory, place):
    program = session.begin("loop", place, **session.way_to_the_disk())
    longest = session.random.choice((SECONDS_SHORT, SECONDS_LONG))
    time.sleep(session.random.uniform(0, longest))
    memory.fill(0)
    if session.mutant:
        time.sleep(SECONDS_OF_A_MUTANT)
        program.kill()
    status = session.ended(program)
    session.counts.faults += 1
    if status == 0 or (status < 0 and not session.mutant):
        raise Violation(f"on a device that can not write it ended with status {status}: "
                        f"{session.said()}")
    if not session.said() and not session.mutant:
        raise Violation(f"it ended with status {status} and said nothing")
