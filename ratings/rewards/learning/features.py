"""φ(prompt, response): what the reward model sees, computed alike in training and in scoring.

The sparse part is hashed with signs (Weinberger et al. 2009, doi:10.1145/1553374.1553516): a gram
goes to bucket h(gram) with sign ±1, so that collisions cancel on average and no vocabulary, and so
no voter's text, is ever stored. Each block has unit length, so that a long answer cannot win by
having more words; length itself is one of the dense features, where it can be seen.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratings.rewards.learning.hashing import (
    HashArray,
    bigram_hashes,
    ngram_hashes,
    salted,
    word_hashes,
)
from ratings.rewards.learning.style import DENSE_NAMES, DenseArray, dense_features

# Raise when any value below or in `style` changes: an artefact of another version is refused.
FEATURES_VERSION = 1
_WORD = re.compile(r"\w+|[^\w\s]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class FeatureConfig:
    """The size and reach of the hashed part.

    Attributes:
        n_buckets: length of the weight vector, a power of two. 2^16 keeps collisions below one
            gram in ten for answers of a page, in 256 KB.
        char_sizes: lengths of character n-grams, in code points; they carry languages that are
            written without spaces.
        max_chars: characters of a text that are hashed, from its start; bounds time and memory.
    """

    n_buckets: int = 2**16
    char_sizes: tuple[int, ...] = (3, 4)
    max_chars: int = 20_000

    def __post_init__(self) -> None:
        if self.n_buckets < 2 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets is {self.n_buckets}; use a power of two")
        if not self.char_sizes or min(self.char_sizes) < 1 or self.max_chars < 1:
            raise ValueError(
                f"char_sizes is {self.char_sizes} and max_chars {self.max_chars}; "
                "both need values of at least one"
            )


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """φ of one response: k hashed grams and the dense values.

    Attributes:
        buckets: (k,) indices in [0, n_buckets), repeated where grams collide.
        values: (k,) signed values; each block of grams has Euclidean norm 1 / √(number of blocks).
        dense: (len(DENSE_NAMES),) raw style and overlap values, not standardised.
    """

    buckets: NDArray[np.int64]
    values: NDArray[np.float64]
    dense: DenseArray


def text_features(prompt: str, response: str, config: FeatureConfig) -> TextFeatures:
    """Compute φ(prompt, response)."""
    folded = _folded(response[: config.max_chars])
    words = _WORD.findall(folded)
    prompt_words = _WORD.findall(_folded(prompt[: config.max_chars]))
    unigrams = word_hashes(words)
    asked = set(prompt_words)
    spaced = f" {_SPACES.sub(' ', folded).strip()} "
    blocks = {
        "word": np.concatenate([unigrams, bigram_hashes(unigrams)]),
        "copied": word_hashes([word for word in words if word in asked]),
        "char": np.concatenate([ngram_hashes(spaced, size) for size in config.char_sizes]),
    }
    hashed = [_block(grams, name, config.n_buckets, len(blocks)) for name, grams in blocks.items()]
    return TextFeatures(
        buckets=np.concatenate([buckets for buckets, _ in hashed]),
        values=np.concatenate([values for _, values in hashed]),
        dense=dense_features(response, prompt_words, words),
    )


def n_dense() -> int:
    """Return the number of dense features."""
    return len(DENSE_NAMES)


def _folded(text: str) -> str:
    """Return the text without differences of case, width or composition."""
    return unicodedata.normalize("NFKC", text).casefold()


def _block(
    grams: HashArray, namespace: str, n_buckets: int, n_blocks: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return buckets (k,) and signed values (k,) of one block of k distinct grams."""
    distinct, counts = np.unique(salted(grams, namespace), return_counts=True)
    buckets = (distinct & np.uint64(n_buckets - 1)).astype(np.int64)
    sign = np.where(distinct >> np.uint64(63), 1.0, -1.0)
    strength = 1.0 + np.log(counts)  # the second use of a word says less than the first
    norm = float(np.sqrt(np.sum(strength**2) * n_blocks)) or 1.0
    return buckets, sign * strength / norm
