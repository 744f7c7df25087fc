"""Bytes of a state, for a cache: compressed NumPy arrays, never pickled objects."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from arena.battles.sampling.errors import BadState
from arena.battles.sampling.state import FloatArray, State

_FIELDS = ("scores", "covariance", "standard_errors", "votes", "component")
_CONTEXT = "context:"  # before the name of a context


def to_bytes(state: State, battles_by_context: Mapping[str, FloatArray]) -> bytes:
    """Return a state and the (n_models,) battles of each model in each context as bytes.

    Raises:
        BadState: numbers of battles of another shape, negative or not finite.
    """
    arrays = {name: array for name in _FIELDS if (array := getattr(state, name)) is not None}
    for context, battles in battles_by_context.items():
        if battles.shape != (state.n_models,) or not (np.isfinite(battles) & (battles >= 0)).all():
            raise BadState(
                f"the battles in context {context!r} are not {state.n_models} finite numbers of "
                "at least 0"
            )
        arrays[_CONTEXT + context] = battles
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, n_models=state.n_models, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes) -> tuple[State, dict[str, FloatArray]]:
    """Return what `to_bytes` was given.

    Raises:
        BadState: the bytes are not from `to_bytes`.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        state = State(
            int(arrays.pop("n_models")),
            **{name: arrays.pop(name) for name in _FIELDS if name in arrays},
        )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BadState("the stored arrays cannot be read; refresh the boards") from error
    return state, {name.removeprefix(_CONTEXT): array for name, array in arrays.items()}
