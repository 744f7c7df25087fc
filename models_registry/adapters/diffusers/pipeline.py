"""Load a pipeline of diffusers and run it, step by step, with a seed of its own."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from models_registry.adapters.contract import GenerationError, Progress, Request
from models_registry.adapters.local import CannotLoad
from models_registry.adapters.threads import Emit
from models_registry.adapters.weights import chosen_device, chosen_dtype, model_folder

# The parameters of `__call__` by which pipelines differ, and what each tells of the modality.
DURATIONS = ("audio_length_in_s", "audio_end_in_s", "audio_duration")
# What an arena calls an argument, and what pipelines call it.
_ARGUMENTS = {"steps": "num_inference_steps"}


class Steps:
    """Stands where a pipeline puts its progress bar: tells how far it is, stops it when asked.

    Every pipeline has one, while their call-backs differ or are missing.
    """

    def __init__(
        self, emit: Emit, iterable: Iterable[Any] | None = None, total: int | None = None
    ) -> None:
        self._emit = emit
        self._iterable = [] if iterable is None else list(iterable)
        self._total = max(total or len(self._iterable), 1)
        self._done = 0

    def update(self, n: int = 1) -> None:
        """Note `n` more steps; raises where the consumer is gone."""
        self._done += n
        self._emit(Progress(min(self._done / self._total, 0.99)))

    def __iter__(self) -> Iterator[Any]:
        for step in self._iterable:
            yield step
            self.update()

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Pipeline:
    """A loaded pipeline. Not for two requests at a time: its scheduler keeps state."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        for logging in (diffusers_logging, transformers_logging):
            logging.disable_progress_bar()  # the log of a worker is no terminal
        self.config = config
        self.device = chosen_device(config)
        # A checkpoint in one file beside the parts would double the download.
        weights = ["*/*.safetensors"]
        ignored = [] if "variant" in config else ["*.fp16.safetensors", "*.bf16.safetensors"]
        folder = model_folder(config, weights, ignored=ignored)
        if not (folder / "model_index.json").is_file():
            raise CannotLoad("it has no model_index.json, so it is no pipeline of diffusers")
        try:
            found = DiffusionPipeline.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                dtype=chosen_dtype(config, self.device),
                variant=config.get("variant"),
            )
        except ValueError as error:
            if "trust_remote_code" in str(error):
                raise CannotLoad("it needs code of its own, which is never run") from error
            raise
        self.pipe: Any = found.to(self.device)
        self.arguments = set(inspect.signature(self.pipe.__call__).parameters)

    @property
    def modality(self) -> str | None:
        """Return what the pipeline makes; None for what Agon has no arena for."""
        if hasattr(self.pipe, "shap_e_renderer"):
            return "mesh"
        if self.arguments & set(DURATIONS):
            return "music"
        is_still = "num_frames" not in self.arguments and "output_type" in self.arguments
        return "image" if is_still else None

    def check_modality(self, wanted: str) -> None:
        """Raise CannotLoad where the pipeline makes something else."""
        if self.modality != wanted:
            kind, made = type(self.pipe).__name__, self.modality or "neither image, music nor mesh"
            raise CannotLoad(f"a {kind} makes {made}, not {wanted}")

    def run(self, request: Request, options: Mapping[str, Any], emit: Emit, **fixed: Any) -> Any:
        """Return the pipeline's output for a prompt; `emit` hears of each step.

        Raises GenerationError `bad_parameters` for an option that this pipeline does not take.
        """
        named = {_ARGUMENTS.get(key, key): value for key, value in options.items()}
        unknown = sorted(set(named) - self.arguments)
        if unknown:
            message = f"a {type(self.pipe).__name__} takes no {unknown[0]!r}; leave it out"
            raise GenerationError("bad_parameters", message, retryable=False)
        furthest = 0.0

        def forward(event: Any) -> None:
            nonlocal furthest  # a pipeline of several stages has several bars
            furthest = max(furthest, event.fraction)
            emit(Progress(furthest))

        self.pipe.progress_bar = lambda iterable=None, total=None: Steps(forward, iterable, total)
        return self.pipe(
            prompt=request.prompt,
            # From the CPU, so that a seed means the same on every device.
            generator=torch.Generator("cpu").manual_seed(request.seed),
            **named,
            **fixed,
        )
