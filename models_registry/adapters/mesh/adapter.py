"""Run a model of meshes: a Shap-E-class pipeline, or a local program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from models_registry.adapters.contract import Capabilities, Request
from models_registry.adapters.local import LocalAdapter
from models_registry.adapters.mesh.config import checked_config, checked_parameters
from models_registry.adapters.threads import Emit


class MeshAdapter(LocalAdapter):
    """One model of meshes, of the kind `pipeline` or `command`.

    `checked_config` says which keys there are.
    """

    name: ClassVar[str] = "mesh"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._model: Any = None

    @property
    def subject(self) -> str:
        """Return the model or the program."""
        return repr(self.config["model"] if self._is_pipeline else self.config["command"][0])

    @property
    def _is_pipeline(self) -> bool:
        return bool(self.config["kind"] == "pipeline")

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        return checked_config(config)

    def capabilities(self) -> Capabilities:
        """Meshes, one at a time."""
        return Capabilities("mesh", streams=False)

    def load_model(self) -> None:
        """Load the pipeline, or find the program."""
        if self._is_pipeline:
            from models_registry.adapters.mesh.shap_e import ShapE

            self._model = ShapE(self.config)
        else:
            from models_registry.adapters.mesh.command import Program

            self._model = Program(self.config)

    def check_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request; ValueError names the wrong one."""
        return checked_parameters(self.config["kind"], parameters)

    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Make one mesh."""
        if self._is_pipeline:
            self.make_visible(emit, lambda: self._model.make(request, parameters, emit))
        else:
            self._model.answer(request, parameters, emit)

    def unload_model(self) -> None:
        """Let the pipeline go."""
        self._model = None
