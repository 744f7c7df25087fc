"""Trees and proofs against the vectors of Certificate Transparency, and by their laws."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.ledger import standalone_verifier
from arena.ledger.merkle import (
    head_by_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_head,
)

# google/certificate-transparency, and transparency-dev/merkle: testonly/constants.go
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
ENTRIES = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_heads_are_the_published_ones(size: int) -> None:
    assert tree_head(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_proofs_are_the_published_ones(index: int, size: int) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert [node.hex() for node in proof] == PATHS[index, size]


def head_as_defined(entries: list[bytes]) -> bytes:
    """MTH, word for word as in RFC 6962, 2.1."""
    if len(entries) <= 1:
        return leaf_hash(entries[0]) if entries else sha256().digest()
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return node_hash(head_as_defined(entries[:k]), head_as_defined(entries[k:]))


def path_as_defined(index: int, entries: list[bytes]) -> list[bytes]:
    """PATH, word for word as in RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = 1
    while 2 * k < len(entries):
        k *= 2
    if index < k:
        return [*path_as_defined(index, entries[:k]), head_as_defined(entries[k:])]
    return [*path_as_defined(index - k, entries[k:]), head_as_defined(entries[:k])]


@given(entries=ENTRIES, data=st.data())
def test_heads_and_proofs_are_those_of_the_definition(
    entries: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    proof = inclusion_proof(entries, index)
    assert tree_head(entries) == head_as_defined(entries)
    assert proof == path_as_defined(index, entries)
    assert head_by_proof(entries[index], index, len(entries), proof) == tree_head(entries)
    alone = standalone_verifier.climb(entries[index], index, len(entries), proof)
    assert alone == tree_head(entries)


@given(entries=ENTRIES, data=st.data())
def test_a_proof_is_good_for_one_entry_at_one_place(
    entries: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    proof = inclusion_proof(entries, index)
    head = tree_head(entries)
    assert head_by_proof(entries[index] + b"x", index, len(entries), proof) != head
    other = data.draw(st.integers(0, len(entries) - 1))
    if leaf_hash(entries[other]) != leaf_hash(entries[index]):
        assert leads_to(entries[index], other, len(entries), proof) != head
    if proof:
        turned = [proof[0][::-1], *proof[1:]]
        if turned != proof:
            assert head_by_proof(entries[index], index, len(entries), turned) != head
        assert leads_to(entries[index], index, len(entries), proof[:-1]) is None
    assert leads_to(entries[index], index, len(entries), [*proof, head]) is None


def leads_to(entry: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """Where a proof leads, None where it cannot be one; both programs agree."""
    try:
        head = head_by_proof(entry, index, size, proof)
    except ValueError:
        with pytest.raises(standalone_verifier.Refused):
            standalone_verifier.climb(entry, index, size, proof)
        return None
    assert standalone_verifier.climb(entry, index, size, proof) == head
    return head


def test_there_is_no_proof_outside_the_tree() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="no entry 8"):
        head_by_proof(b"", 8, 8, [])
    with pytest.raises(standalone_verifier.Refused):
        standalone_verifier.climb(b"", -1, 8, [])
