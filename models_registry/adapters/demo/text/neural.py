"""Write with a small neural network, trained on Python's documentation when it is first loaded."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.demo.text import corpus
from models_registry.adapters.demo.text.words import search_terms
from models_registry.adapters.demo.text.writing import Sampling, checked_sampling, written

if TYPE_CHECKING:
    from models_registry.adapters.demo.text.recurrent import Recurrent, Sentence, Shape

log = logging.getLogger(__name__)

DEFAULT = Sampling(temperature=0.75, top_k=40)
MIN_COUNT = 3  # a word seen less often cannot be learned; it is trained as the unknown word
REPEAT_WEIGHT = 0.1  # of a content word that the sentence already has: the topic else takes it over
MAX_UNKNOWN = 0.12  # of a sentence's words; one with more is not learned from


class RecurrentWriter:
    """The `neural` generator.

    `cache_dir` is a folder for trained weights; without one it is `cache` in the data folder that
    AGON_VAR names, and without that every load trains again.
    """

    def __init__(
        self, cache_dir: str | os.PathLike[str] | None = None, epochs: int | None = None
    ) -> None:
        kept = Path(var) / "cache" if (var := os.environ.get("AGON_VAR")) else None
        self._cache_dir = Path(cache_dir) if cache_dir is not None else kept
        self._epochs = epochs

    def load(self) -> None:
        """Read the weights from the cache, or train them and write them there."""
        from models_registry.adapters.demo.text import recurrent

        counts = Counter(word for sentence in corpus.sentences() for word in sentence)
        known = sorted(word for word, count in counts.items() if count >= MIN_COUNT)
        self._words = ("<pad>", "</s>", "<unk>", *known)
        number = {word: n for n, word in enumerate(self._words)}
        options = {} if self._epochs is None else {"epochs": self._epochs}
        shape = recurrent.Shape(n_words=len(self._words), **options)
        self._by_stem: dict[str, list[int]] = {}
        for word in known:
            for stem in search_terms(word):
                self._by_stem.setdefault(stem, []).append(number[word])
        self._is_content = [bool(search_terms(word)) for word in self._words]
        self._by_frequency = [counts.get(word, 0) for word in self._words]
        cached = self._cached(shape)
        if cached is None:
            cached = recurrent.trained(shape, _lessons(number))
            self._keep(cached)
        self._model = cached

    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        """Yield sentences about the prompt's known words, word by word."""
        sampling = checked_sampling(parameters, DEFAULT)
        topics = []
        for stem in dict.fromkeys(search_terms(prompt, is_query=True)):
            forms = self._by_stem.get(stem.removeprefix("kw."), [])
            if forms:
                topics.append(max(forms, key=lambda form: self._by_frequency[form]))
        voice = _RecurrentVoice(
            self._model, self._words, list(dict.fromkeys(topics)), self._is_content
        )
        yield from written(voice, sampling, random.Random(seed))

    def cache_path(self, shape: Shape) -> Path | None:
        """Return where the weights of this corpus and these hyper-parameters belong."""
        if self._cache_dir is None:
            return None
        recipe = json.dumps({"corpus": corpus.digest(), **asdict(shape)}, sort_keys=True)
        name = hashlib.sha256(recipe.encode()).hexdigest()[:32]
        return self._cache_dir / f"demo-neural-{name}.safetensors"

    def _cached(self, shape: Shape) -> Recurrent | None:
        """Return the network from the cache; None where there is none that can be used."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from models_registry.adapters.demo.text.recurrent import untrained

        path = self.cache_path(shape)
        if path is None or not path.exists():
            return None
        model = untrained(shape)
        try:
            model.load_state_dict(load_file(path))
        except (SafetensorError, RuntimeError, OSError) as error:
            log.warning("weights in %s cannot be read (%s); training them again", path, error)
            return None
        return model.eval()

    def _keep(self, model: Recurrent) -> None:
        """Write the weights whole or not at all: several workers may do so at the same time."""
        from safetensors.torch import save

        path = self.cache_path(model.shape)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(save({k: v.contiguous() for k, v in model.state_dict().items()}))
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)


def _lessons(number: Mapping[str, int]) -> list[Sentence]:
    """Return the corpus as the network learns it."""
    from models_registry.adapters.demo.text.recurrent import END, UNKNOWN, Sentence

    lessons = []
    for sentence in corpus.sentences():
        words = [number.get(word, UNKNOWN) for word in sentence]
        if words.count(UNKNOWN) <= MAX_UNKNOWN * len(words):
            content = dict.fromkeys(
                n
                for word, n in zip(sentence, words, strict=True)
                if n != UNKNOWN and search_terms(word)
            )
            lessons.append(Sentence((*words, END), tuple(content)))
    return lessons


class _RecurrentVoice:
    """The network with its hidden state and what it is writing about."""

    def __init__(
        self, model: Recurrent, words: Sequence[str], topics: list[int], is_content: Sequence[bool]
    ) -> None:
        from models_registry.adapters.demo.text.recurrent import END

        self.words = words
        self.end = END
        self._model = model
        self._topics = topics
        self._is_content = is_content

    def begin(self, rng: random.Random) -> list[int]:
        shape = self._model.shape
        n = min(len(self._topics), shape.max_topics)
        self._chosen = [*rng.sample(self._topics, n), *[0] * (shape.max_topics - n)]
        self._hidden: Any = None
        self._used = np.ones(len(self.words))
        self.push(self.end)
        return []

    def probabilities(self) -> NDArray[np.float64]:
        return self._weights

    def push(self, word: int) -> None:
        import torch

        from models_registry.adapters.demo.text.recurrent import PAD, UNKNOWN

        with torch.inference_mode():
            features, self._hidden = self._model(
                torch.tensor([[word]]), torch.tensor([self._chosen]), self._hidden
            )
            weights = self._model.logits(features[0, 0]).double().softmax(-1).numpy()
        self._used[word] *= REPEAT_WEIGHT if self._is_content[word] else 1.0
        weights *= self._used
        weights[[PAD, UNKNOWN, word]] = 0.0
        self._weights: NDArray[np.float64] = weights
