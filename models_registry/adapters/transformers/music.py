"""Make music with a MusicGen-class model of transformers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import torch
from transformers import (
    AutoModelForTextToWaveform,
    AutoTokenizer,
    StoppingCriteria,
    StoppingCriteriaList,
)

from models_registry.adapters.audio import wav_artifact
from models_registry.adapters.contract import Artifact, Progress, Request
from models_registry.adapters.local import CannotLoad
from models_registry.adapters.threads import Emit
from models_registry.adapters.transformers.loading import loaded
from models_registry.adapters.weights import chosen_device, model_folder

# These models draw from torch's one source of random numbers, which a seed resets for everybody.
_RANDOM = threading.Lock()


class _Steps(StoppingCriteria):
    """Tells how far the clip is, and stops where nobody listens; never ends it by itself.

    No streamer: MusicGen hands its tokens to none.
    """

    def __init__(self, n_steps: int, emit: Emit) -> None:
        self._n_steps, self._emit = n_steps, emit

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """Return False for each of the rows of codes (n_rows, n_steps)."""
        self._emit(Progress(min(input_ids.shape[1] / self._n_steps, 0.99)))
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


class MusicModel:
    """A loaded text-to-waveform model that generates codes of an audio codec."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        folder = model_folder(config, ["*.safetensors"])
        self.device = chosen_device(config)
        self.model = loaded(AutoModelForTextToWaveform, folder, config, self.device)
        codec = getattr(self.model.config, "audio_encoder", None)
        if codec is None or not self.model.can_generate():
            kind = type(self.model).__name__
            raise CannotLoad(f"it is a {kind}; use a model of the MusicGen class")
        self.rate_hz = int(codec.sampling_rate)
        self.steps_per_s = float(codec.frame_rate)
        self.tokenizer = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )

    def make(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> Artifact:
        """Return one clip as WAV. Raises Blank for a silent one."""
        duration_s = parameters.get("duration_s", self.config["duration_s"])
        # Codebooks are delayed by one step each (Copet et al. 2023, arXiv:2306.05284, fig. 1).
        n_delays = int(getattr(self.model.config.decoder, "num_codebooks", 1))
        n_steps = max(round(duration_s * self.steps_per_s), 1) + n_delays
        options = {
            key: parameters[key]
            for key in ("guidance_scale", "temperature", "top_k")
            if key in parameters
        }
        words = self.tokenizer([request.prompt], return_tensors="pt").to(self.device)
        is_gpu = self.device.startswith("cuda")
        with (
            _RANDOM,
            torch.random.fork_rng(devices=[self.model.device] if is_gpu else []),
            torch.inference_mode(),
        ):
            torch.manual_seed(request.seed)
            clip = self.model.generate(
                **words,
                do_sample=True,
                max_new_tokens=n_steps,
                stopping_criteria=StoppingCriteriaList([_Steps(n_steps, emit)]),
                **options,
            )
        # (1, n_channels, n_frames)
        return wav_artifact(clip[0].float().cpu().numpy(), self.rate_hz)
