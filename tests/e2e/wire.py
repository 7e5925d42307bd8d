# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""A gRPC call with nothing but sockets: enough of HTTP/2 to ask a server one question.

Not for load, and not for what a real client does: the programs of tests/interop are that.
"""

import socket
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GO_AWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
WINDOW = 65_535  # until the server says otherwise
FRAME_MAX = 16_384
ACK = END_STREAM = 1
END_HEADERS = 4
ANSWER_SECONDS = 60
FRAMES_MAX = 1000


class Closed(Exception):
    """The server ended the connection, or the stream, without an answer."""


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def literal(name, value):
    """A header that nobody is to remember. `name`: its text, or its number in the static table."""
    text = value.encode()
    if isinstance(name, str):
        start = b"\0" + bytes([len(name)]) + name.encode()
    else:
        start = bytes([name]) if name < 15 else bytes([15, name - 15])
    return start + length(len(text)) + text


def length(count):
    """Seven bits, or all of them set and the rest in groups of seven, the last ones first."""
    if count < 127:
        return bytes([count])
    coded, rest = b"\x7f", count - 127
    while rest >= 128:
        coded, rest = coded + bytes([rest % 128 + 128]), rest // 128
    return coded + bytes([rest])


def connect(address):
    """A socket to "127.0.0.1:4001" or "[::1]:4001"."""
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS)


def connect_with_tls(address, trusted):
    """The same with TLS, to a server whose certificate is in the file `trusted`."""
    context = ssl.create_default_context(cafile=trusted)
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(connect(address), server_hostname="localhost")


def write(connection, data):
    try:
        connection.sendall(data)
    except (ConnectionError, ssl.SSLError) as error:
        raise Closed(str(error)) from error


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        try:
            more = connection.recv(count - len(data))
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from error
        if not more:
            raise Closed("the connection was closed")
        data += more
    return data


def read_frame(connection):
    head = read_exactly(connection, 9)
    length = int.from_bytes(head[:3], "big")
    return head[3], head[4], int.from_bytes(head[5:], "big"), read_exactly(connection, length)


def send(connection, method, message=b"", authorization=None, hub=None):
    """Begins a connection, and on it the one call that it is for."""
    headers = b"\x83\x86" + literal(4, method) + literal(1, "test") + literal(
        31, "application/grpc") + literal("te", "trailers")
    if authorization is not None:
        headers += literal(23, authorization)
    if hub is not None:
        headers += literal("taskhub", hub)
    write(connection, PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, headers))
    send_data(connection, struct.pack(">BI", 0, len(message)) + message)


def send_data(connection, data):
    """In frames, and no more than the server has room for."""
    windows = [WINDOW, WINDOW]  # of the connection, and of its only stream
    while data:
        piece = data[:FRAME_MAX]
        if min(windows) < len(piece):
            kind, flags, stream, payload = read_frame(connection)
            if kind == WINDOW_UPDATE:
                windows[min(stream, 1)] += int.from_bytes(payload, "big")
            elif kind == SETTINGS and not flags & ACK:
                for at in range(0, len(payload), 6):
                    if payload[at:at + 2] == b"\0\x04":  # the initial window of a stream
                        windows[1] += int.from_bytes(payload[at + 2:at + 6], "big") - WINDOW
                write(connection, frame(SETTINGS, ACK, 0))
            elif kind in (HEADERS, RESET, GO_AWAY):
                raise Closed("the server does not want all of it")
            continue
        data = data[len(piece):]
        windows = [window - len(piece) for window in windows]
        write(connection, frame(DATA, 0 if data else END_STREAM, 1, piece))


def receive(connection):
    """The first message of the answer; None: there was a status and no message."""
    return receive_with_status(connection)[0]


def status_in(trailers):
    """gRPC writes the names and values of headers as they are when a connection is new."""
    name = b"grpc-status"
    at = trailers.find(name)
    if at < 0:
        raise Closed(f"no status in {trailers!r}")
    at += len(name)
    return int(trailers[at + 1:at + 1 + trailers[at]])


MESSAGE, END = "the first message", "the end of the call"


def receive_with_status(connection, until=MESSAGE):
    """The first message and no status, or no message and the status."""
    answer = b""
    for _ in range(FRAMES_MAX):
        kind, flags, stream, payload = read_frame(connection)
        if kind == SETTINGS and not flags & ACK:
            write(connection, frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            write(connection, frame(PING, ACK, 0, payload))
        elif kind in (RESET, GO_AWAY):
            raise Closed(f"a frame of kind {kind}: {payload!r}")
        elif kind == DATA and stream == 1:
            answer += payload
            whole = len(answer) >= 5 and len(answer) >= 5 + int.from_bytes(answer[1:5], "big")
            if whole and until == MESSAGE:
                return answer[5:], None
        if kind == HEADERS and stream == 1 and flags & END_STREAM:
            return None, status_in(payload)
    raise Closed("too many frames without an answer")


def call(connection, method, message=b"", **headers):
    """The bytes of the answer; None: the server answered with a status and no message."""
    send(connection, method, message, **headers)
    return receive(connection)


def status(connection, method, message=b"", **headers):
    """The number of the status with which the call ends, whatever it answers before."""
    send(connection, method, message, **headers)
    return receive_with_status(connection, until=END)[1]


def field(number, value):
    """A field of a message: bytes, a text, or a small number."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def fields(message):
    """What is in a message, by the numbers of the fields: bytes, or a whole number."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            found[tag >> 3] = varint()
        else:
            assert tag & 7 == 2, "neither a number nor bytes"
            length = varint()
            found[tag >> 3] = message[at:at + length]
            at += length
    return found


SERVING, NOT_SERVING = 1, 2


def health(connection):
    """What grpc.health.v1.Health says of the server as a whole."""
    answer = call(connection, "/grpc.health.v1.Health/Check")
    if answer is None or answer[:1] != b"\x08":
        raise Closed(f"no health but {answer!r}")
    return answer[1]
