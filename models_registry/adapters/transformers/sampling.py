"""Sample the next token with a seed of its own, whatever else draws numbers in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)


class GumbelNoise(LogitsProcessor):
    """Turn the likeliest token into a sampled one.

    argmax(logits + g) with independent standard Gumbel g is a draw from softmax(logits) (Gumbel
    1954; Maddison et al. 2014, "A* Sampling", section 2). The numbers come from the CPU, so that a
    seed means the same on every device.
    """

    def __init__(self, seed: int) -> None:
        self._source = torch.Generator("cpu").manual_seed(seed)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> Any:
        """Return the scores (n_rows, n_tokens) with noise."""
        waits = torch.empty(scores.shape, dtype=torch.float32).exponential_(generator=self._source)
        return scores.float() - waits.log().to(scores.device)


def sampling(
    defaults: GenerationConfig, parameters: Mapping[str, Any], seed: int
) -> LogitsProcessorList:
    """Return what shapes the next token: nothing where the likeliest is wanted.

    A model's own `generation_config` says what parameters leave out.
    """
    temperature = parameters.get("temperature")
    if temperature is None:
        temperature = (defaults.temperature or 1.0) if defaults.do_sample else 0.0
    if temperature == 0.0:
        return LogitsProcessorList()
    steps: list[LogitsProcessor] = [TemperatureLogitsWarper(float(temperature))]
    if top_k := parameters.get("top_k", defaults.top_k):
        steps.append(TopKLogitsWarper(int(top_k)))
    top_p = parameters.get("top_p", defaults.top_p)
    if top_p is not None and top_p < 1.0:
        steps.append(TopPLogitsWarper(float(top_p)))
    return LogitsProcessorList([*steps, GumbelNoise(seed)])
