"""The built-in generators as they are registered: honest names, ordinary rows."""

from __future__ import annotations

from dataclasses import dataclass

from models_registry.models import Revision
from models_registry.services import register_model

ORGANISATION = "Agon demo generators"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class DemoModel:
    modality: str
    generator: str
    name: str
    description: str


DEMO_MODELS = (
    DemoModel("text", "bm25", "Demo retrieval (BM25)", "Finds passages of Python's documentation."),
    DemoModel(
        "text", "ngram", "Demo n-gram writer", "Writes on from word counts; understands nothing."
    ),
    DemoModel(
        "text",
        "neural",
        "Demo neural writer",
        "A tiny language model, trained on Python's documentation when the worker starts.",
    ),
    DemoModel("text", "measurer", "Demo picture measurer", "Counts the pixels of a picture."),
    DemoModel("text", "walker", "Demo picture walker", "Says which colours lie where."),
    DemoModel("image", "landscape", "Demo landscape painter", "Layers hills, sea and sky by rule."),
    DemoModel("image", "flow", "Demo flow-field painter", "Follows a noise field with strokes."),
    DemoModel("image", "tiling", "Demo tiling painter", "Fills the plane with coloured tiles."),
    DemoModel("music", "plucked", "Demo plucked strings", "Karplus-Strong strings, by rule."),
    DemoModel("music", "fm", "Demo FM keys", "Frequency-modulated keys and bells, by rule."),
    DemoModel("music", "additive", "Demo additive organ", "Sums of sine waves, by rule."),
    DemoModel("mesh", "terrain", "Demo terrain", "A fractal height field with water and snow."),
    DemoModel("mesh", "plant", "Demo L-system plants", "Plants grown by rewriting rules."),
    DemoModel("mesh", "lathe", "Demo lathe", "Turned forms: vases, bottles, lamps."),
    DemoModel("mesh", "superquadric", "Demo superquadrics", "Assemblies of rounded solids."),
    DemoModel("mesh", "relief", "Demo picture relief", "A picture's light as a relief."),
    DemoModel("mesh", "cutout", "Demo picture cut-out", "The outline of a picture's subject."),
)


def register_demo_models() -> list[Revision]:
    """Register every built-in generator; unchanged ones keep their revision."""
    return [_register(demo) for demo in DEMO_MODELS]


def _register(demo: DemoModel) -> Revision:
    return register_model(
        name=demo.name,
        slug=f"demo-{demo.generator}",
        modality=demo.modality,
        organisation_name=ORGANISATION,
        adapter="demo",
        config={"generator": demo.generator},
        description=demo.description,
        licence=LICENCE,
        has_open_weights=True,
        may_release_outputs=True,
    )
