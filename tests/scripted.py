"""An adapter for tests that does what its configuration says, at the pace that it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

from models_registry.adapters.contract import (
    Adapter,
    Artifact,
    Capabilities,
    Event,
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Usage,
)
from models_registry.models import Revision
from models_registry.services import register_model

PATH = f"{__name__}.ScriptedAdapter"


class ScriptedAdapter(Adapter):
    """Writes `pieces` with `delay_s` before each, or makes `data`; its first `fails` calls fail.

    A failing call writes half of its pieces first. `error` is the code, or "crash" for an
    exception that the contract does not know.
    """

    name: ClassVar[str] = "scripted"
    DEFAULTS: ClassVar[dict[str, Any]] = {
        "modality": "text",
        "pieces": [],
        "delay_s": 0.0,
        "data": "",
        "media_type": "text/plain",
        "fails": 0,
        "error": "timeout",
        "is_retryable": True,
        "concurrency": 4,
    }

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.calls = 0

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the defaults."""
        if unknown := set(config) - set(cls.DEFAULTS):
            raise ValueError(f"no such keys: {unknown}")
        return {**cls.DEFAULTS, **config}

    def capabilities(self) -> Capabilities:
        """As configured."""
        return Capabilities(
            modality=self.config["modality"],
            streams=self.config["modality"] == "text",
            concurrency=self.config["concurrency"],
        )

    def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Follow the script."""
        self.calls += 1
        return self._generate(is_failing=self.calls <= self.config["fails"])

    async def _generate(self, *, is_failing: bool) -> AsyncGenerator[Event, None]:
        pieces = self.config["pieces"]
        for piece in pieces[: len(pieces) // 2] if is_failing else pieces:
            await asyncio.sleep(self.config["delay_s"])
            yield TextDelta(piece)
        if is_failing and self.config["error"] == "crash":
            raise ZeroDivisionError("the script says so")
        if is_failing:
            raise GenerationError(
                self.config["error"], "the script says so", retryable=self.config["is_retryable"]
            )
        if self.config["modality"] != "text":
            yield Progress(0.5)
            await asyncio.sleep(self.config["delay_s"])
            if self.config["data"]:
                yield Artifact(self.config["data"].encode(), self.config["media_type"])
        yield Usage(cost_usd=0.125)


def scripted_model(name: str, **config: Any) -> Revision:
    """A public model that follows a script; `ADAPTERS` must name the adapter."""
    return register_model(
        name=name,
        modality=config.get("modality", "text"),
        organisation_name="Ben's lab",
        adapter="scripted",
        config=config,
    )
