"""Check the configuration of a model that is served over the job API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models_registry.adapters import checks
from models_registry.adapters.contract import MODALITIES

WHO = "the http adapter"
MIB = 1024 * 1024

# Seconds: a loaded server may take long to answer, but it answers a poll at once.
DEFAULTS: dict[str, Any] = {
    "timeout_s": 30.0,  # the longest silence
    "deadline_s": 600.0,  # a whole generation, from the request to the last byte
    "poll_s": 1.0,
    "max_bytes": 64 * MIB,  # above what every output profile but the longest clips reads
    "concurrency": 1,
}
NEEDED = {
    "base_url": "use an address such as http://127.0.0.1:9000 or https://models.example.org/v1",
    "modality": f"use one of {', '.join(MODALITIES)}",
}
CONFIG_CHECKS: dict[str, checks.Check] = {
    "base_url": checks.address,
    "modality": checks.one_of(*MODALITIES),
    "model": checks.text,
    "api_key_env": checks.variable_name,
    "stream": checks.yes_or_no,
    "timeout_s": checks.number(0.0, 600.0, is_open=True),
    "deadline_s": checks.number(0.0, 3600.0, is_open=True),
    "poll_s": checks.number(0.05, 60.0),
    "max_bytes": checks.whole(1, 512 * MIB),
    "concurrency": checks.whole(1, 1000),
}


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with defaults filled in.

    Keys: `base_url` and `modality` (both needed), `model` and `api_key_env` (left out where not
    given), `stream` (by itself true for text only), `timeout_s`, `deadline_s`, `poll_s`,
    `max_bytes`, `concurrency`. Raises ValueError that names the wrong key.
    """
    if "api_key" in config:
        raise ValueError(
            "the http adapter has no key 'api_key', because configurations are kept in the "
            "database; put the key into an environment variable and its name into 'api_key_env'"
        )
    given = checks.checked(WHO, config, CONFIG_CHECKS)
    checks.needed(WHO, given, NEEDED)
    whole = {**DEFAULTS, "stream": given["modality"] == "text", **given}
    if whole["deadline_s"] < whole["timeout_s"]:
        raise ValueError(
            f"'deadline_s' is {whole['deadline_s']:g}, below 'timeout_s', {whole['timeout_s']:g}; "
            "give the whole generation at least as long as one silence"
        )
    return whole
