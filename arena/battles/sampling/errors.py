"""The ways in which a draw refuses to happen; each is a ValueError that says what to do."""

from __future__ import annotations

from collections.abc import Iterable


class BadState(ValueError):
    """What is said about the models cannot be: wrong shapes, nan, a negative variance."""


class TooFewModels(ValueError):
    """There are fewer models than seats."""

    def __init__(self, n_models: int, n_seats: int) -> None:
        self.n_models = n_models
        self.n_seats = n_seats
        super().__init__(
            f"{n_seats} seats need as many models; there are {n_models}. Register more models."
        )


class UnknownSampler(ValueError):
    """No sampler has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"There is no sampler {name!r}; use one of {', '.join(sorted(known))}.")
