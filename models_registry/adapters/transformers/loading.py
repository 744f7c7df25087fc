"""Load weights with transformers: safetensors only, no code of the model's own, nothing missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import AutoConfig
from transformers.utils.logging import disable_progress_bar

from models_registry.adapters.local import CannotLoad
from models_registry.adapters.weights import chosen_dtype


def loaded(kind: Any, folder: Path, config: Mapping[str, Any], device: str) -> Any:
    """Return the model of this Auto class on its device, ready to answer. Raises CannotLoad."""
    disable_progress_bar()  # the log of a worker is no terminal
    try:
        shape = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        if config["modality"] == "text" and hasattr(shape, "audio_encoder"):
            # Its text part alone would be taken for a model.
            raise CannotLoad(f"a {type(shape).__name__} makes music; use the modality music")
        model, report = kind.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            dtype=chosen_dtype(config, device),
            output_loading_info=True,
        )
    except ValueError as error:
        words = str(error)
        if "trust_remote_code" in words:
            raise CannotLoad("it needs code of its own, which is never run") from error
        if "nrecognized configuration class" in words or "ecognized model" in words:
            raise CannotLoad(
                f"its architecture is not one that makes {config['modality']} with this version "
                "of transformers"
            ) from error
        raise
    if missing := sorted(report["missing_keys"]):
        # transformers would fill them with random numbers, and the arena would rank those.
        raise CannotLoad(f"{len(missing)} of its weights are missing, such as {missing[0]!r}")
    return model.to(device).eval()
