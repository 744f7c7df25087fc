"""Names for people and battles in a release that nobody can trace back without the key.

A pseudonym is a keyed hash (EDPB Guidelines 01/2025 name message authentication codes), never a
plain or salted hash, which is undone by listing all inputs. Each release is a disjoint shard with
a key of its own, random and forgotten once the shard is written. A shard is never keyed again:
its rows would then link the old pseudonyms to the new ones.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

PSEUDONYM_BITS: Final = 128  # a collision among 10**9 people has odds of about 10**-21
MIN_KEY_BYTES: Final = 32
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Pseudonyms:
    """Keyed names within one shard.

    The same value and kind always give the same name under one key. Names of different kinds do
    not meet: a voter and a battle with the same id have unrelated names.
    """

    @classmethod
    def of_a_new_shard(cls) -> Pseudonyms:
        """Return names under a fresh random key that is kept nowhere else."""
        return cls(secrets.token_bytes(MIN_KEY_BYTES))

    def __init__(self, key: bytes) -> None:
        """Take a secret key of at least MIN_KEY_BYTES random bytes."""
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(
                f"The pseudonym key has {len(key)} bytes; use at least {MIN_KEY_BYTES} random ones"
            )
        self._key = key

    def __repr__(self) -> str:
        return "Pseudonyms(key=<secret>)"

    def name(self, kind: str, value: str) -> str:
        """Return the name of `value` as 32 hexadecimal digits (PSEUDONYM_BITS).

        `kind` says what is named ("voter", "battle"): lower-case letters, digits and underscores.
        """
        if not _KIND.fullmatch(kind):
            raise ValueError(f"The pseudonym kind is {kind!r}; use a word such as 'voter'")
        # The kind cannot hold a zero byte, so no kind and value run into another pair.
        message = kind.encode() + b"\0" + value.encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return digest[: PSEUDONYM_BITS // 8].hex()
