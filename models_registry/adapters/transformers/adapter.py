"""Run a text or music model with transformers, where no server of its own does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models_registry.abilities import Abilities
from models_registry.adapters.contract import Capabilities, Request
from models_registry.adapters.local import LocalAdapter
from models_registry.adapters.threads import Emit
from models_registry.adapters.transformers.config import checked_config, checked_parameters


class TransformersAdapter(LocalAdapter):
    """One model from a folder or from a pinned commit of the hub, in this process.

    `checked_config` says which keys there are.
    """

    name: ClassVar[str] = "transformers"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._model: Any = None

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        return checked_config(config)

    def capabilities(self) -> Capabilities:
        """Text, streamed, with follow-ups; or music of the configured length."""
        if self.config["modality"] == "text":
            return Capabilities("text", streams=True, abilities=Abilities(conversation=True))
        abilities = Abilities(max_duration_s=self.config["duration_s"])
        return Capabilities("music", streams=False, abilities=abilities)

    def load_model(self) -> None:
        """Load the model and its tokenizer."""
        if self.config["modality"] == "text":
            from models_registry.adapters.transformers.text import TextModel

            self._model = TextModel(self.config)
        else:
            from models_registry.adapters.transformers.music import MusicModel

            self._model = MusicModel(self.config)

    def check_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request; ValueError names the wrong one."""
        return checked_parameters(self.config["modality"], parameters)

    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Write the answer, or make the clip."""
        if self.config["modality"] == "text":
            self._model.answer(request, parameters, emit)
        else:
            self.make_visible(emit, lambda: self._model.make(request, parameters, emit))

    def unload_model(self) -> None:
        """Let the model go."""
        self._model = None
