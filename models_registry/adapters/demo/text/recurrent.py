"""A small recurrent language model that writes sentences about given words; needs torch.

A gated recurrent unit (Cho et al. 2014, arXiv:1406.1078) reads the words so far together with one
vector for what the sentence is about (Mikolov & Zweig 2012, doi:10.1109/SLT.2012.6424228): the
mean embedding of a few of its content words, drawn anew each time in training and taken from the
prompt in use. Input and output share their embeddings (Press & Wolf 2017, arXiv:1608.05859).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PAD, END, UNKNOWN = 0, 1, 2  # word numbers with a meaning of their own
N_SPECIAL = 3


@dataclass(frozen=True)
class Shape:
    """Hyper-parameters; with the corpus they determine the trained weights."""

    n_words: int
    n_embedding: int = 80
    n_hidden: int = 160
    epochs: int = 5
    batch: int = 32  # sentences
    peak_rate: float = 8e-3  # of Adam, after the warm-up and before the cosine decay
    max_topics: int = 3  # words that one sentence is said to be about
    p_no_topic: float = 0.15  # so that a prompt without a known word works too
    seed: int = 20240229


@dataclass(frozen=True)
class Sentence:
    """A sentence as word numbers, ending with END, and the places of its content words."""

    words: tuple[int, ...]
    content: tuple[int, ...]


class Recurrent(nn.Module):
    """The network; call `forward` to train and `step` to write."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.n_words, shape.n_embedding, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=shape.n_embedding**-0.5)
        self.cell = nn.GRU(2 * shape.n_embedding, shape.n_hidden, batch_first=True)
        self.project = nn.Linear(shape.n_hidden, shape.n_embedding)
        self.bias = nn.Parameter(torch.zeros(shape.n_words))

    def about(self, topics: Tensor) -> Tensor:
        """Return the mean embedding of topic words (b, k), padded with PAD, as (b, e)."""
        known = (topics != PAD).unsqueeze(-1)
        total: Tensor = (self.embedding(topics) * known).sum(1)
        return total / known.sum(1).clamp(min=1)

    def forward(
        self, words: Tensor, topics: Tensor, hidden: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return features (b, t, e) before the output layer and the last hidden state (1, b, h)."""
        embedded = self.embedding(words)  # (b, t, e)
        topic = self.about(topics).unsqueeze(1).expand(-1, words.shape[1], -1)  # (b, t, e)
        states, last = self.cell(torch.cat([embedded, topic], -1), hidden)
        return self.project(states), last

    def logits(self, features: Tensor) -> Tensor:
        """Return unnormalised log-probabilities (..., v) of features (..., e)."""
        return functional.linear(features, self.embedding.weight, self.bias)


@contextmanager
def single_thread() -> Iterator[None]:
    """Keep torch on one thread: sums are then added in one order, and small products are faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def untrained(shape: Shape) -> Recurrent:
    """Return the network with its first weights, the same at each call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(shape.seed)
        return Recurrent(shape)


def trained(shape: Shape, sentences: Sequence[Sentence]) -> Recurrent:
    """Learn the sentences by next-word cross-entropy; the same input gives the same weights."""
    order = random.Random(shape.seed)
    with single_thread(), torch.random.fork_rng(devices=[]):
        model = untrained(shape)
        torch.manual_seed(shape.seed)
        steps = shape.epochs * -(-len(sentences) // shape.batch)
        optimiser = torch.optim.Adam(model.parameters(), lr=shape.peak_rate, betas=(0.9, 0.98))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _share_of_peak(step / steps)
        )
        for _ in range(shape.epochs):
            for batch in _batches(shape, sentences, order):
                inputs, targets, topics = _tensors(shape, batch, order)
                features, _ = model(inputs, topics)
                wanted = targets != PAD
                loss = functional.cross_entropy(model.logits(features[wanted]), targets[wanted])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
    return model.eval()


def _share_of_peak(done: float) -> float:
    """Return the learning rate's share of its peak when `done` (0..1) of the training is over."""
    warm_up = 0.1  # of the training: enough for Adam's averages to settle
    if done < warm_up:
        return 0.05 + 0.95 * done / warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _batches(
    shape: Shape, sentences: Sequence[Sentence], order: random.Random
) -> Iterator[list[Sentence]]:
    """Yield shuffled batches of sentences of like length, so that little is padding."""
    by_length = sorted(sentences, key=lambda sentence: (len(sentence.words), order.random()))
    batches = [
        by_length[start : start + shape.batch] for start in range(0, len(by_length), shape.batch)
    ]
    order.shuffle(batches)
    yield from batches


def _tensors(
    shape: Shape, batch: Sequence[Sentence], order: random.Random
) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs (b, t), the next words (b, t), PAD where there is none, and topics (b, k)."""
    length = max(len(sentence.words) for sentence in batch)
    inputs = torch.zeros(len(batch), length, dtype=torch.long)
    targets = torch.zeros_like(inputs)
    topics = torch.zeros(len(batch), shape.max_topics, dtype=torch.long)
    for row, sentence in enumerate(batch):
        words = torch.tensor(sentence.words)
        targets[row, : len(words)] = words
        inputs[row, 0] = END  # a sentence follows the end of another
        inputs[row, 1 : len(words)] = words[:-1]
        if sentence.content and order.random() >= shape.p_no_topic:
            n = min(order.randint(1, shape.max_topics), len(sentence.content))
            chosen = order.sample(sentence.content, n)
            topics[row, :n] = torch.tensor(chosen)
    return inputs, targets, topics
