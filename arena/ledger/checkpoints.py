"""The bytes of a checkpoint, and its Ed25519 signature (RFC 8032). Plain Python.

The body is text in UTF-8, a line for each field and LF after each:

    agon.ledger/checkpoint/1
    number 12
    size 5123
    entries 40
    first 5084
    last 5130
    root <64 hex digits>
    previous <64 hex digits, zeros for the first>
    at 2026-01-31T12:00:00.000000Z
    key <64 hex digits>

The signature is over exactly these bytes. The digest, their SHA-256, is what the next one names as
`previous`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

FORMAT = "agon.ledger/checkpoint/1"
NOTHING_BEFORE = 64 * "0"


@dataclass(frozen=True)
class Statement:
    """What a checkpoint says; `root`, `previous` and `key` in hex digits, `at` as text in UTC."""

    number: int
    size: int
    entries: int
    first: int
    last: int
    root: str
    previous: str
    at: str
    key: str

    @property
    def body(self) -> str:
        """The text that is signed."""
        lines = [f"{name} {value}\n" for name, value in vars(self).items()]
        return "".join([f"{FORMAT}\n", *lines])

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, in hex digits."""
        return sha256(self.body.encode()).hexdigest()


def read_statement(body: str) -> Statement:
    """Return what a body says. Raises ValueError for a text that no checkpoint has."""
    first, *lines = body.split("\n")
    found = dict(line.split(" ", 1) for line in lines if " " in line)
    names = [field.name for field in fields(Statement)]
    if first != FORMAT or list(found) != names:
        raise ValueError("this is no checkpoint of the ledger")
    numbers = {name: int(found[name]) for name in ("number", "size", "entries", "first", "last")}
    statement = Statement(**{**found, **numbers})  # type: ignore[arg-type]
    if statement.body != body:
        raise ValueError("this checkpoint is not written in the one form that it has")
    return statement


def public_key_of(seed: bytes) -> str:
    """Return the public key of a seed of 32 bytes, in hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def sign(statement: Statement, seed: bytes) -> str:
    """Return the signature in hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(statement.body.encode()).hex()


def is_signed(statement: Statement, signature: str) -> bool:
    """Say whether the key that a statement names has signed it."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(statement.key))
        key.verify(bytes.fromhex(signature), statement.body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
