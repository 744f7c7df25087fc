"""What travels over the sockets of the sandbox: a length, some JSON, a length, some bytes.

Whoever reads a child's answer believes none of it: lengths are checked against a limit before
memory is given to them, and the JSON is of plain values only.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from typing import Any, Final

HEAD: Final = struct.Struct("<IQ")  # bytes of JSON, bytes of data
ORDER_SIZE: Final = struct.Struct("<I")  # bytes of an order to the server of children
# Exit statuses of a child that could not answer (sysexits.h ends at 78).
EXIT_BROKEN: Final = 79
EXIT_NO_MEMORY: Final = 80
MAX_FACTS_BYTES: Final = 64 * 1024  # a waveform of 200 heights has 2 KiB
_PIECE_BYTES: Final = 1024 * 1024


class BadFrame(ValueError):
    """What came is no frame, or more than was asked for."""


def head_and_facts(facts: dict[str, Any], size: int) -> bytes:
    """Return a frame up to its data of `size` bytes."""
    text = json.dumps(facts, ensure_ascii=True).encode()
    return HEAD.pack(len(text), size) + text


# ── in the child, where a plain descriptor and read(2) and write(2) are all there is ───────────


def read_frame(descriptor: int) -> tuple[dict[str, Any], bytes]:
    """Read what the worker sends; raises BadFrame where it hung up."""
    n_facts, n_data = HEAD.unpack(_read(descriptor, HEAD.size))
    return json.loads(_read(descriptor, n_facts)), _read(descriptor, n_data)


def write_frame(descriptor: int, facts: dict[str, Any], data: bytes) -> None:
    """Write a whole frame."""
    for part in (head_and_facts(facts, len(data)), data):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, size: int) -> bytes:
    pieces = []
    while size:
        piece = os.read(descriptor, min(size, _PIECE_BYTES))
        if not piece:
            raise BadFrame("The other side hung up.")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


# ── in the worker, which waits until a deadline and no longer ──────────────────────────────────


def send(connection: socket.socket, data: bytes, deadline: float) -> None:
    """Send all of it before that moment of the monotonic clock; raises OSError."""
    connection.settimeout(_left(deadline))
    connection.sendall(data)


def receive_frame(
    connection: socket.socket, deadline: float, *, max_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Receive a frame; raises BadFrame for what is none, TimeoutError and OSError."""
    n_facts, n_data = HEAD.unpack(_receive(connection, HEAD.size, deadline))
    if n_facts > MAX_FACTS_BYTES or n_data > max_bytes:
        raise BadFrame(f"A frame of {n_facts} and {n_data} bytes; at most {max_bytes} are taken.")
    try:
        facts = json.loads(_receive(connection, n_facts, deadline))
    except (ValueError, RecursionError) as error:
        raise BadFrame("The facts of a frame are no JSON.") from error
    if not isinstance(facts, dict):
        raise BadFrame("The facts of a frame are no object.")
    return facts, bytes(_receive(connection, n_data, deadline))


def _receive(connection: socket.socket, size: int, deadline: float) -> bytearray:
    # Grown as bytes come: what is only announced takes no memory.
    received = bytearray()
    while len(received) < size:
        connection.settimeout(_left(deadline))
        piece = connection.recv(min(size - len(received), _PIECE_BYTES))
        if not piece:
            raise BadFrame("The other side hung up.")
        received += piece
    return received


def _left(deadline: float) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("The sandbox did not answer in time.")
    return left_s
