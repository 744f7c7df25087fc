"""Find the weights of a model on this machine: a folder, or one pinned commit of the model hub.

Only what cannot run code is ever fetched or read: JSON, text, tokenizers and safetensors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models_registry.adapters import checks
from models_registry.adapters.contract import GenerationError
from models_registry.adapters.local import CannotLoad, shortened

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
HARMLESS = ("*.json", "*.txt", "*.model", "*.jinja")  # *.model: vocabularies of SentencePiece

NEEDED = {"model": "use the absolute path of a folder, or the name of a model on the hub"}


def _device(key: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,2})?", value):
        raise ValueError(f"'{key}' is {value!r}; use auto, cpu, mps, cuda or cuda:0")
    return value


def _commit(key: str, value: Any) -> str:
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        raise ValueError(
            f"'{key}' is {value!r}; use the commit of 40 hexadecimal digits that the model's page "
            "on the hub shows, because a branch can change"
        )
    return value


WEIGHT_CHECKS: dict[str, checks.Check] = {
    "model": checks.text,
    "revision": _commit,
    "cache_dir": checks.text,
    "device": _device,
    "dtype": checks.one_of("auto", "float32", "float16", "bfloat16"),
}
WEIGHT_DEFAULTS = {"device": "auto", "dtype": "auto"}


def check_source(who: str, config: Mapping[str, Any]) -> None:
    """Raise ValueError where `model` and `revision` do not name weights that stay the same."""
    checks.needed(who, config, NEEDED)
    model, revision = config["model"], config.get("revision")
    if Path(model).is_absolute():
        if revision is not None:
            raise ValueError("'revision' is for models on the hub; leave it out for a folder")
    elif not HUB_ID.fullmatch(model):
        raise ValueError(
            f"'model' is {model!r}; use the absolute path of a folder, or a name on the hub such "
            "as organisation/model"
        )
    elif revision is None:
        raise ValueError(
            f"{who} needs 'revision' for {model!r}; use the commit of 40 hexadecimal digits that "
            "the model's page on the hub shows"
        )


def model_folder(
    config: Mapping[str, Any], weights: Sequence[str], *, ignored: Sequence[str] = ()
) -> Path:
    """Return the folder with the configured weights, fetched from the hub if need be. Blocks.

    `weights` are the patterns of files with weights, which must be safetensors. Raises CannotLoad,
    and GenerationError `connection`, which is retryable, where the hub cannot be reached.
    """
    folder = Path(config["model"])
    if not folder.is_absolute():
        folder = _fetched(config, [*HARMLESS, *weights], ignored)
    if not folder.is_dir():
        raise CannotLoad("there is no such folder on the machine that runs it")
    if not any(folder.rglob("*.safetensors")):
        raise CannotLoad(
            "it has no *.safetensors file, and other formats can run code when they are read; "
            "save it again with save_pretrained(…, safe_serialization=True)"
        )
    return folder


def _fetched(config: Mapping[str, Any], allowed: Sequence[str], ignored: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                config["model"],
                revision=config["revision"],
                cache_dir=config.get("cache_dir"),
                allow_patterns=list(allowed),
                ignore_patterns=list(ignored),
            )
        )
    except LocalEntryNotFoundError as error:
        message = f"the hub was not reached, and {config['model']!r} is not here yet"
        raise GenerationError("connection", message, retryable=True) from error
    except HfHubHTTPError as error:
        raise CannotLoad(f"the hub refused it: {shortened(error)}") from error


def chosen_device(config: Mapping[str, Any]) -> str:
    """Return the device to use, such as cuda:0; CannotLoad where it is not there."""
    import torch

    wanted: str = config["device"]
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda"):
        _, _, number = wanted.partition(":")
        if int(number or 0) >= torch.cuda.device_count():
            raise CannotLoad(f"'device' is {wanted!r}, which torch does not find here")
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise CannotLoad("'device' is 'mps', which torch does not find here")
    return wanted


def chosen_dtype(config: Mapping[str, Any], device: str) -> Any:
    """Return the number format to compute in: by itself bfloat16 on a GPU, float32 elsewhere."""
    import torch

    name: str = config["dtype"]
    if name == "auto":
        name = "bfloat16" if device.startswith("cuda") else "float32"
    return getattr(torch, name)
