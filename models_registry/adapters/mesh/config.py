"""Check the configuration and the parameters of a model of meshes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from models_registry.adapters import checks
from models_registry.adapters.diffusers.config import PIPELINE_CHECKS, STEP_CHECKS
from models_registry.adapters.weights import WEIGHT_DEFAULTS, check_source

WHO = "the mesh adapter"
MIB = 1024 * 1024
MAX_ARGUMENTS = 100
PLACEHOLDERS = ("output", "prompt_file", "parameters_file", "seed")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def _command(key: str, value: Any) -> list[str]:
    is_list = isinstance(value, list | tuple) and 0 < len(value) <= MAX_ARGUMENTS
    if not is_list or not all(isinstance(one, str) and one and "\x00" not in one for one in value):
        raise ValueError(
            f"'{key}' is {value!r}; use a list of texts such as "
            '["my-model", "--prompt", "{prompt_file}", "--out", "{output}"]'
        )
    used = {name for one in value for name in _PLACEHOLDER.findall(one)}
    if "prompt" in used:
        raise ValueError(
            f"'{key}' has {{prompt}}, which could be read as an option of the program; use "
            "{prompt_file}, the path of a file with the prompt, or the program's input"
        )
    if unknown := sorted(used - set(PLACEHOLDERS)):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"'{key}' has {{{unknown[0]}}}; use only {known}")
    if "output" not in used:
        raise ValueError(f"'{key}' has no {{output}}; put it where the program takes its file")
    if _PLACEHOLDER.search(value[0]):
        raise ValueError(f"'{key}' begins with {value[0]!r}; begin with the program")
    return list(value)


CONFIG_CHECKS: dict[str, dict[str, checks.Check]] = {
    "pipeline": {**PIPELINE_CHECKS, "grid_size": checks.whole(8, 512)},
    "command": {
        "command": _command,
        "format": checks.one_of("glb", "obj"),
        "timeout_s": checks.number(0.0, 3600.0, is_open=True),
        "max_bytes": checks.whole(1, 1024 * MIB),
    },
}
DEFAULTS: dict[str, dict[str, Any]] = {
    # The grid on which Shap-E samples its surface: 128 is the one of its authors.
    "pipeline": {**WEIGHT_DEFAULTS, "grid_size": 128},
    "command": {"format": "glb", "timeout_s": 600.0, "max_bytes": 64 * MIB},
}


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with defaults filled in; ValueError names the wrong key."""
    checks.needed(WHO, config, {"kind": "use pipeline or command"})
    kind = checks.one_of(*CONFIG_CHECKS)("kind", config["kind"])
    known = {"kind": checks.one_of(kind), **CONFIG_CHECKS[kind]}
    given = checks.checked(WHO, config, known)
    if kind == "pipeline":
        check_source(WHO, given)
    else:
        checks.needed(WHO, given, {"command": "use a list of texts, the program first"})
    return {**DEFAULTS[kind], **given}


def checked_parameters(kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request; a command reads whichever it is given, as JSON."""
    if kind == "command":
        json.dumps(dict(parameters))
        return dict(parameters)
    return checks.checked(f"a request of {WHO}", parameters, STEP_CHECKS, what="parameter")
