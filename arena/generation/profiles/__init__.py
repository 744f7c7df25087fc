"""3 · One output profile for each modality, so that no byte before the vote names a model."""

from __future__ import annotations

from arena.generation.profiles.outcome import (
    MACHINE_CODES,
    UNUSABLE_CODES,
    AnonymousOutput,
    UnusableCode,
    UnusableOutput,
)
from arena.generation.profiles.table import PROFILES, make_anonymous
from arena.generation.profiles.text import clean_text, render_markdown
from arena.generation.profiles.waveform import waveform_peaks

__all__ = [
    "MACHINE_CODES",
    "PROFILES",
    "UNUSABLE_CODES",
    "AnonymousOutput",
    "UnusableCode",
    "UnusableOutput",
    "clean_text",
    "make_anonymous",
    "render_markdown",
    "waveform_peaks",
]
