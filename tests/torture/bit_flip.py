# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""One bit of one file of the store is changed. Either the store is refused with a line that names
the file, or nobody needs that bit and everything is exactly right; never a wrong answer.

The last record of a log that was not closed is left alone: damaged, it can not be told from one
that was never completed (docs/reference/store.md says so).
"""

import shutil
import time

import log_segment
from session import CORRUPT, FOREIGN, KILLED, NOT_NOW, OK, STORE_LOST, Place, Violation

NAME = "bit_flip"
SUMMARY = "one bit of one file of the store changed"
MUTANTS = ("forged_record", "forged_answer")
LOOPS = 300
LOOPS_OF_A_STORE = 50
WORK_BEFORE_KILL = 4  # hosts that were stopped in order before the last one is killed
SECONDS_MAX = 0.2  # of work before the kill
REFUSED = (CORRUPT, FOREIGN, STORE_LOST, NOT_NOW)


def run(session):
    original = None
    while session.more():
        if original is None or session.mutant or session.counts.loops % LOOPS_OF_A_STORE == 0:
            original = make_store(session)
        place = session.place(session.memory)
        shutil.copytree(original.store, place.store)
        shutil.copy(original.ledger, place.ledger)
        if session.mutant:
            forge(session, place)
            session.recover(place)
        else:
            harm_and_look(session, place)
        session.forget(place)


def make_store(session):
    """Some of it in the table, some in the log, some of it unfinished."""
    place = session.place()
    for _ in range(WORK_BEFORE_KILL):
        if session.run("once", place) != OK:
            raise Violation(f"an untouched store: {session.said()}")
    program = session.begin("once", place)
    program.stdout.readline()  # it has verified, and works
    if session.random.random() < 0.8:
        time.sleep(session.random.uniform(0, SECONDS_MAX))
        program.kill()
    if session.ended(program) not in (OK, KILLED):
        raise Violation(f"an untouched store: {session.said()}")
    return place


def forge(session, place):
    session.counts.faults += 1
    if session.mutant == "forged_record":
        return log_segment.forge(sorted(place.store.glob("log/log-*.seg"))[-1])
    lines = place.ledger.read_bytes().splitlines(keepends=True)
    purged = {line.split()[1] for line in lines if line.startswith(b"purging ")}
    ends = [index for index, line in enumerate(lines)
            if line.startswith(b"end ") and line.split()[1] not in purged]
    if ends:
        chosen = session.random.choice(ends)
        lines[chosen] = lines[chosen][:-2] + b"1" + lines[chosen][-2:]
        place.ledger.write_bytes(b"".join(lines))


def harm_and_look(session, place):
    file = choose_file(session, place)
    bit = choose_bit(session, file)
    with open(file, "r+b") as opened:
        opened.seek(bit // 8)
        byte = opened.read(1)[0]
        opened.seek(bit // 8)
        opened.write(bytes([byte ^ (1 << bit % 8)]))
    session.counts.faults += 1
    status = session.run("finish", place)
    name = file.relative_to(place.store)
    where = f"bit {bit % 8} of byte {bit // 8} of {name}"
    if status == OK:
        return
    if status not in REFUSED:
        raise Violation(f"{where}: ended with status {status}: {session.said()}")
    # RocksDB blames another file of the table for some damage; the folder must be named even then.
    folder = f"{place.store / 'table'}" if name.parts[0] == "table" else file.name
    if file.name not in session.said() and folder not in session.said():
        raise Violation(f"{where}: the refusal does not name the file: {session.said()}")


def choose_file(session, place):
    """Each kind of file as likely as the others, however many there are of it."""
    kinds = {}
    for file in sorted(place.store.rglob("*")):
        if file.is_file() and file.stat().st_size > 0 and file.name != "LOCK":
            kind = "".join(c for c in file.name if not c.isdigit())
            kinds.setdefault(kind, []).append(file)
    return session.random.choice(kinds[session.random.choice(sorted(kinds))])


def choose_bit(session, file):
    if not file.name.startswith("log-"):
        return session.random.randrange(file.stat().st_size * 8)
    used, left_alone = log_segment.used_bytes(file)
    while True:
        byte = session.random.randrange(used)
        if byte not in left_alone:
            return byte * 8 + session.random.randrange(8)
