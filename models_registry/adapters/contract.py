"""The one contract between Agon and any way to run a model.

An adapter declares what it can do, checks its configuration, loads once, answers requests as an
asynchronous stream of events, and unloads. Nothing else about a model is visible to Agon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from models_registry.abilities import Abilities

Modality = Literal["text", "image", "music", "mesh"]
MODALITIES: tuple[Modality, ...] = ("text", "image", "music", "mesh")


@dataclass(frozen=True)
class Capabilities:
    """What a configured adapter can do."""

    modality: Modality
    streams: bool  # True: yields TextDelta events as it goes
    concurrency: int = 1  # requests that one loaded instance may answer at a time
    abilities: Abilities = field(default_factory=Abilities)  # what may be asked of it; none: all


@dataclass(frozen=True)
class RequestImage:
    """A picture that came with a prompt: upright, without metadata, at most 2048 pixels long."""

    data: bytes
    media_type: str  # image/jpeg
    alt: str = ""  # what its voter says that it shows, for people; no part of the prompt


@dataclass(frozen=True)
class Turn:
    """An earlier prompt of a conversation and what this model answered."""

    prompt: str
    answer: str
    images: tuple[RequestImage, ...] = ()


@dataclass(frozen=True)
class Request:
    """One generation: the same request with the same seed should give the same output.

    Only an adapter with the ability `conversation` gets a `history`, the oldest turn first, and
    only one with `image_input` gets `images`, in the order of the prompt.
    """

    prompt: str
    seed: int  # 0 <= seed < 2**31
    parameters: Mapping[str, Any] = field(default_factory=dict)  # of the revision, e.g. temperature
    history: tuple[Turn, ...] = ()
    images: tuple[RequestImage, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far the generation is; `fraction` is within 0..1."""

    fraction: float


@dataclass(frozen=True)
class TextDelta:
    """The next piece of a text answer."""

    text: str


@dataclass(frozen=True)
class Artifact:
    """A finished image, clip or mesh in any container that the output pipeline can decode."""

    data: bytes
    media_type: str  # image/png, audio/wav, model/gltf-binary


@dataclass(frozen=True)
class Usage:
    """What the generation cost, as the model's runtime reports it."""

    cost_usd: float = 0.0
    output_tokens: int | None = None


Event = Progress | TextDelta | Artifact | Usage


class GenerationError(Exception):
    """A generation failed.

    `retryable` is True for infrastructure (time-outs, lost connections), where the same request
    with the same seed may be sent again; False for the model's own answer (refused, empty, blank).
    """

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class Adapter(ABC):
    """One way to run a model, configured for one model revision."""

    name: ClassVar[str]

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = self.validate(config)

    @classmethod
    @abstractmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration with defaults filled in.

        Raises ValueError that names the wrong key, what was seen and what to write instead.
        """

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Say what this configuration can do, without loading anything."""

    async def load(self) -> None:  # noqa: B027 - most adapters have nothing to load
        """Make ready to answer; called once before the first request."""

    @abstractmethod
    def generate(self, request: Request) -> AsyncIterator[Event]:
        """Yield events until the output is complete; raise GenerationError when it cannot be."""

    async def unload(self) -> None:  # noqa: B027 - or to give back
        """Give back what `load` took."""
