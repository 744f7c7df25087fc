"""Make a mesh with a Shap-E-class pipeline of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from models_registry.adapters.contract import Artifact, Request
from models_registry.adapters.diffusers.pipeline import Pipeline
from models_registry.adapters.local import Blank
from models_registry.adapters.mesh.glb import glb_artifact
from models_registry.adapters.threads import Emit


class ShapE:
    """A loaded pipeline whose latents a renderer turns into a surface (arXiv:2305.02463)."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._grid_size: int = config["grid_size"]
        self._pipeline = Pipeline(config)
        self._pipeline.check_modality("mesh")

    def make(self, request: Request, options: Mapping[str, Any], emit: Emit) -> Artifact:
        """Return one mesh as binary glTF. Raises Blank where there is no surface."""
        latents = self._pipeline.run(request, options, emit, output_type="latent").images
        with torch.no_grad():
            mesh = self._decoded(latents)
        x, y, z = mesh.verts.float().cpu().numpy().T
        colours = [mesh.vertex_channels[name].float().cpu().numpy() for name in "RGB"]
        # Shap-E builds with z up, glTF with y.
        return glb_artifact(
            np.stack([x, z, -y], axis=1), mesh.faces.cpu().numpy(), np.stack(colours, axis=1)
        )

    def _decoded(self, latents: Any) -> Any:
        pipe = self._pipeline.pipe
        try:
            return pipe.shap_e_renderer.decode_to_mesh(
                latents[:1], self._pipeline.device, grid_size=self._grid_size
            )
        except (RuntimeError, ValueError) as error:
            # The decoder colours a surface in batches; of none it makes none, and cannot join them.
            if "non-empty list" in str(error):
                raise Blank("a mesh without a triangle") from error
            raise
