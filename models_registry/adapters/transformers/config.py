"""Check the configuration and the parameters of a model that transformers runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models_registry.adapters import checks
from models_registry.adapters.weights import WEIGHT_CHECKS, WEIGHT_DEFAULTS, check_source

WHO = "the transformers adapter"
MAX_NEW_TOKENS = 100_000  # no known model writes more at a time; a larger number is a slip
MAX_DURATION_S = 300.0

_TOKENS = checks.whole(1, MAX_NEW_TOKENS)
_DURATION = checks.number(0.0, MAX_DURATION_S, is_open=True)

CONFIG_CHECKS: dict[str, dict[str, checks.Check]] = {
    "text": {"max_new_tokens": _TOKENS, "system_prompt": checks.text},
    "music": {"duration_s": _DURATION},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "text": {"max_new_tokens": 1024},
    "music": {"duration_s": 10.0},
}
PARAMETER_CHECKS: dict[str, dict[str, checks.Check]] = {
    "text": {
        "max_new_tokens": _TOKENS,
        "temperature": checks.number(0.0, 2.0),
        "top_k": checks.whole(1, 1_000_000),
        "top_p": checks.number(0.0, 1.0, is_open=True),
    },
    "music": {
        "duration_s": _DURATION,
        "guidance_scale": checks.number(1.0, 20.0),
        "temperature": checks.number(0.0, 2.0, is_open=True),
        "top_k": checks.whole(1, 1_000_000),
    },
}


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with defaults filled in; ValueError names the wrong key."""
    checks.needed(WHO, config, {"modality": "use text or music"})
    modality = checks.one_of(*CONFIG_CHECKS)("modality", config["modality"])
    known = {"modality": checks.one_of(modality), **WEIGHT_CHECKS, **CONFIG_CHECKS[modality]}
    given = checks.checked(WHO, config, known)
    check_source(WHO, given)
    return {**WEIGHT_DEFAULTS, **DEFAULTS[modality], **given}


def checked_parameters(modality: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request; ValueError names the wrong one."""
    who = f"a {modality} request of {WHO}"
    return checks.checked(who, parameters, PARAMETER_CHECKS[modality], what="parameter")
