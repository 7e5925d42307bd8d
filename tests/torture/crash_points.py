# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL before and after every call that changes the store's folder: write, sync, make, rename,
delete, allocate. The calls are counted over all threads, so that no thread's are missed; the work
is a fixed list. The recovery is killed too, at a random call, and tried again.
"""

from session import OK, Violation

NAME = "crash_points"
SUMMARY = "SIGKILL before and after every call that changes the store's files"
MUTANTS = ("early_acknowledgement",)
LOOPS = 10_000  # far above the number of points
CALLS_MORE = 20  # that another run may have, and the one that counted had not
CALLS_OF_A_RECOVERY = 120  # about so many


def count_of_calls(session, script):
    place = session.place()
    counter = session.memory / "count"
    status = session.run(script, place, TORTURE_COUNT=counter)
    session.forget(place)
    if status != OK:
        return 0  # of a mutant that is found even so
    return int(counter.read_text(encoding="ascii"))


def points(session, script):
    """Every point once, in random order."""
    count = count_of_calls(session, script) + CALLS_MORE
    every = [(when, number) for number in range(1, count + 1)
             for when in ("TORTURE_KILL_BEFORE", "TORTURE_KILL_AFTER")]
    session.random.shuffle(every)
    return every


def run(session, script="script"):
    for when, number in points(session, script):
        if not session.more():
            return
        place = session.place()
        try:
            crash_at(session, script, place, {when: number})
        except Violation as violation:
            raise Violation(f"{when}={number}: {violation}") from None
        session.forget(place)


def crash_at(session, script, place, fault):
    status = session.run(script, place, **fault)
    if status == OK:
        return  # fewer calls this time
    session.expect_killed(status)
    again = session.random.randrange(1, CALLS_OF_A_RECOVERY)
    status = session.run("finish", place, TORTURE_KILL_BEFORE=again)
    if status != OK:
        session.expect_killed(status)
    session.recover(place)
