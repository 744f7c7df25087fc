"""Run an image or music pipeline of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models_registry.abilities import Abilities
from models_registry.adapters.contract import Artifact, Capabilities, Request
from models_registry.adapters.diffusers.config import checked_config, checked_parameters
from models_registry.adapters.local import CannotLoad, LocalAdapter
from models_registry.adapters.threads import Emit


class DiffusersAdapter(LocalAdapter):
    """One pipeline from a folder or from a pinned commit of the hub, in this process.

    `checked_config` says which keys there are.
    """

    name: ClassVar[str] = "diffusers"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._pipeline: Any = None
        self._rate_hz = 0

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        return checked_config(config)

    def capabilities(self) -> Capabilities:
        """Images, or music of the configured length; one at a time."""
        if self.config["modality"] == "image":
            return Capabilities("image", streams=False)
        abilities = Abilities(max_duration_s=self.config["duration_s"])
        return Capabilities("music", streams=False, abilities=abilities)

    def load_model(self) -> None:
        """Load the pipeline and see what it makes."""
        from models_registry.adapters.diffusers.outputs import rate_of
        from models_registry.adapters.diffusers.pipeline import Pipeline

        pipeline = Pipeline(self.config)
        pipeline.check_modality(self.config["modality"])
        self._rate_hz = rate_of(pipeline.pipe)
        if self.config["modality"] == "music" and not self._rate_hz:
            raise CannotLoad("it names no sampling rate")
        self._pipeline = pipeline

    def check_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request; ValueError names the wrong one."""
        return checked_parameters(self.config["modality"], parameters)

    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Make one image or clip."""
        make = self._image if self.config["modality"] == "image" else self._clip
        self.make_visible(emit, lambda: make(request, dict(parameters), emit))

    def _image(self, request: Request, options: dict[str, Any], emit: Emit) -> Artifact:
        from models_registry.adapters.diffusers.outputs import image_artifact

        return image_artifact(self._pipeline.run(request, options, emit, output_type="np"))

    def _clip(self, request: Request, options: dict[str, Any], emit: Emit) -> Artifact:
        from models_registry.adapters.diffusers.outputs import clip_artifact
        from models_registry.adapters.diffusers.pipeline import DURATIONS

        duration_s = options.pop("duration_s", self.config["duration_s"])
        (name,) = [name for name in DURATIONS if name in self._pipeline.arguments][:1]
        output = self._pipeline.run(request, {**options, name: duration_s}, emit, output_type="np")
        return clip_artifact(output, self._rate_hz)

    def unload_model(self) -> None:
        """Let the pipeline go."""
        self._pipeline = None
