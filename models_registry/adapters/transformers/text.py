"""Write with a causal language model of transformers, token by token."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

from models_registry.adapters.contract import (
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Usage,
)
from models_registry.adapters.threads import Emit
from models_registry.adapters.transformers.loading import loaded
from models_registry.adapters.transformers.sampling import sampling
from models_registry.adapters.weights import chosen_device, model_folder


class _Words(TextStreamer):
    """Hands on each word as soon as it is whole, and stops where nobody listens."""

    def __init__(self, tokenizer: Any, emit: Emit) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.n_tokens = 0
        self.has_words = False
        self._emit = emit

    def put(self, value: Any) -> None:
        is_answer = not self.next_tokens_are_prompt
        super().put(value)
        if is_answer:
            self.n_tokens += 1
            self._emit(Progress(0.0))  # raises as well where the consumer is gone

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        if text:
            self.has_words = self.has_words or bool(text.strip())
            self._emit(TextDelta(text))


class TextModel:
    """A loaded causal language model with its tokenizer."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        folder = model_folder(config, ["*.safetensors"])
        device = chosen_device(config)
        self.model = loaded(AutoModelForCausalLM, folder, config, device)
        self.tokenizer = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )

    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Emit the answer word by word, then what it took."""
        emit(Progress(0.0))
        tokens = self._tokens(request)  # (1, n_tokens)
        limit = parameters.get("max_new_tokens", self.config["max_new_tokens"])
        longest = getattr(self.model.config, "max_position_embeddings", None)
        if longest is not None:
            limit = min(limit, longest - tokens.shape[1])
            if limit < 1:
                message = f"the prompt has {tokens.shape[1]} tokens; the model reads {longest}"
                raise GenerationError("too_long", message, retryable=False)
        settings = copy.deepcopy(self.model.generation_config)
        settings.update(do_sample=False, num_beams=1, max_new_tokens=limit, max_length=None)
        words = _Words(self.tokenizer, emit)
        with torch.inference_mode():
            self.model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                generation_config=settings,
                logits_processor=sampling(self.model.generation_config, parameters, request.seed),
                streamer=words,
            )
        if not words.has_words:
            raise GenerationError("empty", "the model wrote nothing", retryable=False)
        emit(Progress(1.0))
        emit(Usage(output_tokens=words.n_tokens))

    def _tokens(self, request: Request) -> torch.Tensor:
        system = self.config.get("system_prompt")
        messages = [{"role": "system", "content": system}] if system else []
        for turn in request.history:
            messages.append({"role": "user", "content": turn.prompt})
            messages.append({"role": "assistant", "content": turn.answer})
        messages.append({"role": "user", "content": request.prompt})
        if self.tokenizer.chat_template:
            text = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
            # A chat template writes the special tokens itself.
            encoded = self.tokenizer(text, add_special_tokens=False, return_tensors="pt")
        else:
            # A model without a chat form goes on with what it reads.
            text = "\n\n".join(message["content"] for message in messages)
            encoded = self.tokenizer(text, return_tensors="pt")
        found: torch.Tensor = encoded["input_ids"].to(self.model.device)
        return found
