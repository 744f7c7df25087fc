"""Every adapter of the table can be registered, and refuses in words that help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arena.common.errors import BadInput
from models_registry.adapters import ADAPTERS, adapter_class
from models_registry.models import Model
from models_registry.services import register_model

REPOSITORY = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"model": "ben/alder", "revision": COMMIT}
# One good configuration for each modality that an adapter makes.
GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("demo", "text", {"generator": "bm25"}),
    ("diffusers", "image", {"modality": "image", **HUB}),
    ("diffusers", "music", {"modality": "music", "model": "/weights/alder"}),
    ("http", "mesh", {"modality": "mesh", "base_url": "http://127.0.0.1:9000"}),
    ("mesh", "mesh", {"kind": "pipeline", **HUB}),
    ("mesh", "mesh", {"kind": "command", "command": ["alder", "{output}"]}),
    ("openai", "text", {"base_url": "http://127.0.0.1:8001/v1", "model": "alder"}),
    ("transformers", "text", {"modality": "text", **HUB}),
    ("transformers", "music", {"modality": "music", **HUB}),
]


def test_every_adapter_of_the_table_is_there_under_its_name() -> None:
    assert {name: adapter_class(name).name for name in ADAPTERS} == {
        name: name for name in ADAPTERS
    }
    assert {adapter for adapter, _, _ in GOOD} == set(ADAPTERS)


@pytest.mark.django_db
@pytest.mark.parametrize(("adapter", "modality", "config"), GOOD)
def test_a_model_is_registered_and_its_mistakes_are_named(
    adapter: str, modality: str, config: dict[str, Any]
) -> None:
    wanted: dict[str, Any] = {
        "name": "Alder",
        "modality": modality,
        "organisation_name": "Ben's lab",
        "adapter": adapter,
    }
    with pytest.raises(BadInput) as refusal:
        register_model(**wanted, config={**config, "sped": 1})
    assert refusal.value.message.startswith("Alder: the ")
    assert "has no key 'sped'; use only " in refusal.value.message
    other = "image" if modality == "text" else "text"
    with pytest.raises(BadInput, match=f"makes {modality}, not {other}"):
        register_model(**wanted | {"modality": other}, config=config)
    assert not Model.objects.exists()
    revision = register_model(**wanted, config=config)
    assert (revision.label, revision.adapter) == ("alder@1", adapter)
    # Registering what was stored is the same way to run it.
    assert register_model(**wanted, config=revision.config) == revision


def test_registering_loads_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "from models_registry.adapters import make_adapter\n"
        f"for adapter, _, config in {GOOD!r}:\n"
        "    make_adapter(adapter, config).capabilities()\n"
        "heavy = {'torch', 'transformers', 'diffusers', 'trimesh', 'numpy', 'httpx2', 'openai'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
