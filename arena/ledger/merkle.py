"""Merkle trees of RFC 6962, section 2.1: heads, proofs that an entry is in a tree, their check.

The same trees as those of RFC 9162. Leaves and nodes are hashed under different first bytes, so
that a node can never be passed off as an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32 bytes of a leaf."""
    return sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32 bytes of a node over two others."""
    return sha256(NODE + left + right).digest()


def tree_head(entries: Sequence[bytes]) -> bytes:
    """Return the 32 bytes at the top of the tree (MTH of RFC 6962, 2.1)."""
    if not entries:
        return sha256().digest()
    # Level by level; an odd last node goes up as it is, which gives the same tree as the
    # recursive definition.
    level = [sha256(LEAF + entry).digest() for entry in entries]
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def inclusion_proof(entries: Sequence[bytes], index: int) -> list[bytes]:
    """Return the nodes beside the way from entry `index` up to the top (PATH of 2.1.1).

    Raises IndexError when there is no such entry.
    """
    if not 0 <= index < len(entries):
        raise IndexError(f"there is no entry {index} in a tree of {len(entries)}")
    proof = []
    level = [leaf_hash(entry) for entry in entries]
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            proof.append(level[beside])
        level, index = _level_above(level), index // 2
    return proof


def head_by_proof(entry: bytes, index: int, n_entries: int, proof: Sequence[bytes]) -> bytes:
    """Return the top to which a proof leads (RFC 9162, 2.1.3.2).

    Raises ValueError for a proof that no tree of this size can have.
    """
    if not 0 <= index < n_entries:
        raise ValueError(f"there is no entry {index} in a tree of {n_entries}")
    at, last, head = index, n_entries - 1, leaf_hash(entry)
    for beside in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if at % 2 or at == last:
            head = node_hash(beside, head)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            head = node_hash(head, beside)
        at, last = at // 2, last // 2
    if last:
        raise ValueError("the proof is too short")
    return head


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [sha256(NODE + left + right).digest() for left, right in pairs]
    return [*above, level[-1]] if len(level) % 2 else above
