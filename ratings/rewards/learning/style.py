"""Style and overlap: the small dense part of what the model sees of a response.

Style asks how a text looks (length, lists, headers, bold, code), the cues that decide many votes
whatever the content; published beside the model as a baseline of its own. Overlap asks how much of
the prompt comes back in the response. Every count enters as log(1 + count): the tenth list item
says less than the first.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arena.common.text_style import MARKS, count_mark

DenseArray = NDArray[np.float64]

_DIGIT = re.compile(r"\d")
_SIGN = re.compile(r"[^\w\s]")
STYLE_NAMES: tuple[str, ...] = (
    "log_chars",
    "log_words",
    *(f"log_{name}" for name in MARKS),
    "digit_share",
    "upper_share",
    "punctuation_share",
    "mean_word_chars",
    "distinct_word_share",
)
OVERLAP_NAMES: tuple[str, ...] = (
    "prompt_words_used",
    "words_from_prompt",
    "bigrams_from_prompt",
    "log_words_over_prompt_words",
)
DENSE_NAMES: tuple[str, ...] = STYLE_NAMES + OVERLAP_NAMES
STYLE_COLUMNS = range(len(STYLE_NAMES))
LENGTH_COLUMN = DENSE_NAMES.index("log_chars")


def style_features(response: str, words: Sequence[str]) -> list[float]:
    """Return the values of `STYLE_NAMES` for a response and its folded words."""
    n_chars = max(len(response), 1)
    n_words = max(len(words), 1)
    return [
        math.log1p(len(response)),
        math.log1p(len(words)),
        *(math.log1p(count_mark(response, name)) for name in MARKS),
        len(_DIGIT.findall(response)) / n_chars,
        sum(map(str.isupper, response)) / n_chars,
        len(_SIGN.findall(response)) / n_chars,
        sum(map(len, words)) / n_words,
        len(set(words)) / n_words,
    ]


def overlap_features(prompt_words: Sequence[str], words: Sequence[str]) -> list[float]:
    """Return the values of `OVERLAP_NAMES`; all shares lie in [0, 1]."""
    asked, said = set(prompt_words), set(words)
    asked_bigrams = set(pairwise(prompt_words))
    said_bigrams = set(pairwise(words))
    return [
        len(asked & said) / max(len(asked), 1),
        len(asked & said) / max(len(said), 1),
        len(asked_bigrams & said_bigrams) / max(len(said_bigrams), 1),
        math.log1p(len(words)) - math.log1p(len(prompt_words)),
    ]


def dense_features(response: str, prompt_words: Sequence[str], words: Sequence[str]) -> DenseArray:
    """Return (len(DENSE_NAMES),) style and overlap values of one response."""
    values = style_features(response, words) + overlap_features(prompt_words, words)
    return np.array(values, dtype=np.float64)
