# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The segments of a store's log as docs/reference/store.md describes them: written from that page,
not from the code, so that the page is tested too."""

import re
import struct

SECTOR = 512
RECORD = struct.Struct(">4sB3xQIII4x")  # magic, kind, position, length, payload crc, header crc
GROUP = 1
FORGED_BYTES_MAX = 100_000

_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


def crc32c(data, continued_from=0):
    value = continued_from ^ 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


class Segment:
    def __init__(self, path):
        self.bytes = bytearray(path.read_bytes())
        assert self.bytes[:8] == b"PERDLOG\n"
        assert crc32c(self.bytes[:60]) == int.from_bytes(self.bytes[60:64], "big")
        store, number, salt = self.bytes[12:28], self.bytes[28:36], self.bytes[44:52]
        self.seed = crc32c(salt + number + store)
        self.records = []  # (offset, kind, length of the payload)
        offset = SECTOR
        while offset < len(self.bytes):
            magic, kind, _, length, _, crc = RECORD.unpack_from(self.bytes, offset)
            if magic != b"PRec" or crc != self.header_crc(offset):
                break
            self.records.append((offset, kind, length))
            offset += -(-(RECORD.size + length) // SECTOR) * SECTOR
        self.end = offset

    def header_crc(self, offset):
        seed = crc32c(offset.to_bytes(8, "big"), self.seed)
        return crc32c(self.bytes[offset:offset + 24], seed)


def used_bytes(path):
    """How many bytes from the beginning say something, and which of them a change can not be seen
    in: those of the last record, unless a mark behind it says that it is complete."""
    segment = Segment(path)
    if not segment.records:
        return SECTOR, range(0)
    offset, kind, _ = segment.records[-1]
    return segment.end, range(offset, segment.end) if kind == GROUP else range(0)


def forge(path):
    """Changes the digits of every token in every record, and makes the checksums right. Large
    records are left: their checksums take a program like this one seconds."""
    segment = Segment(path)
    for offset, kind, length in segment.records:
        if kind == GROUP and length <= FORGED_BYTES_MAX:
            begin = offset + RECORD.size
            payload = forged(bytes(segment.bytes[begin:begin + length]))
            segment.bytes[begin:begin + length] = payload
            segment.bytes[offset + 20:offset + 24] = crc32c(payload).to_bytes(4, "big")
            segment.bytes[offset + 24:offset + 28] = segment.header_crc(offset).to_bytes(4, "big")
    path.write_bytes(segment.bytes)


def forged(payload):
    return re.sub(rb"\b\d+:\d+\b", lambda token: bytes(
        byte if byte == ord(":") else ord("0") + (byte - ord("0") + 5) % 10
        for byte in token.group()), payload)
