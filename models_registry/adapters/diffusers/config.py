"""Check the configuration and the parameters of a pipeline that diffusers runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models_registry.adapters import checks
from models_registry.adapters.weights import WEIGHT_CHECKS, WEIGHT_DEFAULTS, check_source

WHO = "the diffusers adapter"

_DURATION = checks.number(0.0, 300.0, is_open=True)


def _side(key: str, value: Any) -> int:
    side: int = checks.whole(16, 4096)(key, value)
    if side % 8:
        raise ValueError(f"'{key}' is {side}; use a multiple of 8, such as {side - side % 8}")
    return side


PIPELINE_CHECKS: dict[str, checks.Check] = {**WEIGHT_CHECKS, "variant": checks.text}
STEP_CHECKS: dict[str, checks.Check] = {
    "steps": checks.whole(1, 1000),
    "guidance_scale": checks.number(0.0, 50.0),
}
CONFIG_CHECKS: dict[str, dict[str, checks.Check]] = {
    "image": {},
    "music": {"duration_s": _DURATION},
}
DEFAULTS: dict[str, dict[str, Any]] = {"image": {}, "music": {"duration_s": 10.0}}
PARAMETER_CHECKS: dict[str, dict[str, checks.Check]] = {
    "image": {**STEP_CHECKS, "negative_prompt": checks.text, "width": _side, "height": _side},
    "music": {**STEP_CHECKS, "negative_prompt": checks.text, "duration_s": _DURATION},
}


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with defaults filled in; ValueError names the wrong key."""
    checks.needed(WHO, config, {"modality": "use image or music"})
    modality = checks.one_of(*CONFIG_CHECKS)("modality", config["modality"])
    known = {"modality": checks.one_of(modality), **PIPELINE_CHECKS, **CONFIG_CHECKS[modality]}
    given = checks.checked(WHO, config, known)
    check_source(WHO, given)
    return {**WEIGHT_DEFAULTS, **DEFAULTS[modality], **given}


def checked_parameters(modality: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request; ValueError names the wrong one."""
    who = f"a {modality} request of {WHO}"
    return checks.checked(who, parameters, PARAMETER_CHECKS[modality], what="parameter")
