# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The file system loses what was not synced, as if the power had gone.

The store lies on a file system of its own. Every thread of the subject is frozen first: a sync
that is under way while the file system stops could succeed without having done anything, and the
test would report a loss of its own making.

What is written directly is in the image at once, synced or not, so half of the stores may not. XFS
with sectors of 4 KiB opens files for direct writes, and then refuses those of the log.
"""

import time

import disks

SUMMARY = "the file system stops without writing anything back"
MUTANTS = ("no_sync",)
LOOPS = 100
CUTS_OF_A_STORE = 25
SECONDS_MAX = 0.5  # until the cut
IMAGE_BYTES = 4 << 30  # with holes
OPTIONS = {"ext4": (), "xfs": ("-s", "size=4096")}


def run(session, kind):
    disks.require(f"mkfs.{kind}", "mount", "umount")
    with disks.Disk(session.folder / "disk", kind, IMAGE_BYTES, OPTIONS[kind]) as disk:
        while session.more():
            place = session.place(disk.mounted)
            with session.keeping(place):
                use_store(session, disk, place)
            session.forget(place)


def use_store(session, disk, place):
    """Some cuts, then everything comes to its end."""
    way = session.way_to_the_disk()
    for left in range(1 if session.mutant else CUTS_OF_A_STORE, 0, -1):
        program = session.begin("loop", place, **way)
        time.sleep(session.random.uniform(0.005, SECONDS_MAX))
        disks.freeze(program.pid)
        disk.cut_power()
        program.kill()
        status = session.ended(program)
        disk.restore_power()
        session.expect_killed(status)
        if left > 1 and not session.more():
            break
    session.recover(place)
