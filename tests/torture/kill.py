# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments: while it opens, recovers, works and closes."""

import time

NAME = "kill"
SUMMARY = "SIGKILL at random moments"
MUTANTS = ("early_acknowledgement", "event_twice")
LOOPS = 200
LOOPS_OF_A_STORE = 25
SECONDS_SHORT, SECONDS_LONG = 0.06, 0.5  # until the kill: within the recovery, or within the work


def run(session):
    place = None
    while session.more():
        if place is None:
            place = session.place()
        program = session.begin("loop", place)
        longest = session.random.choice((SECONDS_SHORT, SECONDS_LONG))
        time.sleep(session.random.uniform(0.001, longest))
        program.kill()
        session.expect_killed(session.ended(program))
        if session.counts.loops % LOOPS_OF_A_STORE == 0 or session.mutant:
            session.recover(place)
            session.forget(place)
            place = None
    if place is not None:
        session.recover(place)
