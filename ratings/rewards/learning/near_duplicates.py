"""Groups of prompts that say nearly the same, so that none of them is on both sides of a split.

Near-duplicates are found by MinHash signatures of character shingles (Broder 1997,
doi:10.1109/SEQUEN.1997.666900) in bands (Leskovec, Rajaraman & Ullman, Mining of Massive Datasets,
ch. 3). Groups are transitive: a chain of small edits is one group.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from ratings.rewards.learning.hashing import HashArray, ngram_hashes

# Code points per shingle: an edited word changes at most its own length + 4 of them.
_SHINGLE = 5
# 20 bands of 6 rows find two prompts of similarity 0.8 with probability 0.998 and of 0.9 always.
_BANDS = 20
_ROWS = 6
# Estimated Jaccard similarity from which two prompts count as one.
_SAME = 0.8
_NAME_BYTES = 16


def normal_form(prompt: str) -> str:
    """Return the letters and digits of a prompt, case and width folded.

    A prompt of signs only keeps its signs: otherwise all such prompts would be one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", prompt).casefold())
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split())


def prompt_groups(prompts: Sequence[str]) -> list[str]:
    """Return for each prompt the name of its group, whatever the order of the prompts.

    The name is a digest of the group's first normal form, so it holds no text of anyone.
    """
    forms = [normal_form(prompt) for prompt in prompts]
    distinct = sorted(set(forms))
    first = _first_of_group(distinct)
    name = {form: _digest(distinct[first[i]]) for i, form in enumerate(distinct)}
    return [name[form] for form in forms]


def _first_of_group(forms: Sequence[str]) -> list[int]:
    """Return for each of the sorted normal forms the smallest index of its group."""
    parent = list(range(len(forms)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in _near_duplicates(_signatures(forms)):
        low, high = sorted((root(i), root(j)))
        parent[high] = low
    return [root(i) for i in range(len(forms))]


def _signatures(forms: Sequence[str]) -> HashArray:
    """Return (n_forms, _BANDS * _ROWS) MinHash signatures."""
    n_hashes = _BANDS * _ROWS
    draws = np.random.Generator(np.random.PCG64(0)).integers(
        0, 2**64 - 1, size=(2, n_hashes), dtype=np.uint64
    )
    multiplier, shift = draws[0] | np.uint64(1), draws[1]
    signatures = np.zeros((len(forms), n_hashes), dtype=np.uint64)
    for i, form in enumerate(forms):
        shingles = np.unique(ngram_hashes(form, _SHINGLE))  # (k,)
        if len(shingles):
            signatures[i] = (shingles[:, None] * multiplier + shift).min(axis=0)
    return signatures


def _near_duplicates(signatures: HashArray) -> Iterable[tuple[int, int]]:
    """Yield index pairs whose estimated similarity reaches `_SAME`, enough to join every group."""
    for band in range(_BANDS):
        rows = np.ascontiguousarray(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        buckets: dict[bytes, list[int]] = {}
        for i, row in enumerate(rows):
            seen = buckets.setdefault(row.tobytes(), [])
            alike = (signatures[seen] == signatures[i]).mean(axis=1) >= _SAME if seen else ()
            found = [j for j, is_alike in zip(seen, alike, strict=True) if is_alike]
            yield from ((j, i) for j in found)
            if not found:  # a member that equals an earlier one need not be compared again
                seen.append(i)


def _digest(form: str) -> str:
    encoded = form.encode("utf-8", errors="surrogatepass")
    return blake2b(encoded, digest_size=_NAME_BYTES).hexdigest()
