"""Every way to run a model: one folder each, named in one table."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from models_registry.adapters.contract import Adapter

ADAPTERS: dict[str, str] = {
    "demo": "models_registry.adapters.demo.adapter.DemoAdapter",
    "diffusers": "models_registry.adapters.diffusers.adapter.DiffusersAdapter",
    "http": "models_registry.adapters.http.adapter.HttpAdapter",
    "mesh": "models_registry.adapters.mesh.adapter.MeshAdapter",
    "openai": "models_registry.adapters.openai.adapter.OpenAIAdapter",
    "transformers": "models_registry.adapters.transformers.adapter.TransformersAdapter",
}


def adapter_class(name: str) -> type[Adapter]:
    """Return the adapter of this name; raises ValueError that lists the known ones."""
    try:
        module, _, attribute = ADAPTERS[name].rpartition(".")
    except KeyError:
        known = ", ".join(sorted(ADAPTERS))
        raise ValueError(f"There is no adapter '{name}'; use one of: {known}.") from None
    return getattr(import_module(module), attribute)  # type: ignore[no-any-return]


def make_adapter(name: str, config: Mapping[str, Any]) -> Adapter:
    """Return a configured, not yet loaded adapter; raises ValueError on a bad configuration."""
    return adapter_class(name)(config)
