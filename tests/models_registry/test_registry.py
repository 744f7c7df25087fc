"""The registry: models, immutable revisions, and names that imports give."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, InternalError, transaction

from arena.common.errors import BadInput
from models_registry.models import IMPORTED, Model, Organisation, Revision
from models_registry.services import imported_revision, organisation, register_model
from tests import cast

pytestmark = pytest.mark.django_db


def test_the_same_model_again_is_the_same_revision() -> None:
    first = cast.bens_model("Alder")
    assert cast.bens_model("Alder") == first
    assert (Model.objects.count(), Revision.objects.count()) == (1, 1)


def test_another_way_to_run_it_is_another_revision_of_the_same_model() -> None:
    first = cast.bens_model("Alder")
    second = cast.bens_model("Alder", generator="ngram")
    assert second.model == first.model
    assert [first.label, second.label] == ["alder@1", "alder@2"]
    assert list(Revision.objects.competing("text")) == [second]
    third = cast.bens_model("Alder")  # back again is a new revision, never an old row
    assert third.label == "alder@3"


def test_facts_of_a_model_can_change_without_a_new_revision() -> None:
    first = cast.bens_model("Alder")
    again = register_model(
        name="Alder", modality="text", organisation_name="Ben's lab", adapter="demo",
        config={"generator": "bm25"}, licence="MIT",
    )  # fmt: skip
    assert again == first
    assert Model.objects.get().licence == "MIT"


@pytest.mark.parametrize("change", ["update", "delete"])
def test_a_revision_is_never_changed(change: str) -> None:
    revision = cast.bens_model("Alder")
    rows = Revision.objects.filter(pk=revision.pk)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        rows.update(parameters={"x": 1}) if change == "update" else rows._raw_delete("default")
    assert Revision.objects.get() == revision


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"adapter": "nonsense"}, "Alder: "),
        ({"config": {"generator": "nonsense"}}, "Alder: "),
        ({"modality": "image"}, "makes text, not image"),
        ({"name": "丹"}, "give a slug"),
        ({"name": "a" * 130}, "give a slug"),
        ({"slug": "Not a slug"}, "'Not a slug'"),
        ({"organisation_name": "!"}, "no letter or digit"),
    ],
)
def test_what_cannot_compete_is_refused_with_its_reason(
    facts: dict[str, Any], message: str
) -> None:
    wanted: dict[str, Any] = {
        "name": "Alder",
        "modality": "text",
        "organisation_name": "Ben's lab",
        "adapter": "demo",
        "config": {"generator": "bm25"},
    }
    with pytest.raises(BadInput) as refusal:
        register_model(**(wanted | facts))
    assert message in refusal.value.message
    assert not Model.objects.exists()


def test_only_public_models_that_can_be_run_compete() -> None:
    alder, birch = cast.bens_model("Alder"), cast.bens_model("Birch")
    imported_revision(name="gpt-4", modality="text")
    Model.objects.filter(pk=birch.model_id).update(status=Model.Status.RETIRED)
    assert list(Revision.objects.competing("text")) == [alder]
    assert not Revision.objects.competing("image").exists()


def test_an_imported_name_is_one_model_for_each_modality() -> None:
    first = imported_revision(name="GPT-4 (0613)", modality="text")
    assert imported_revision(name="GPT-4 (0613)", modality="text") == first
    assert (first.model.name, first.adapter, first.model.status) == (
        "GPT-4 (0613)",
        IMPORTED,
        "draft",
    )
    assert imported_revision(name="GPT-4 (0613)", modality="image").model != first.model
    assert imported_revision(name=first.label, modality="text") == first  # from our own release
    assert Organisation.objects.count() == 1


def test_a_label_means_exactly_its_revision() -> None:
    first = cast.bens_model("Alder")
    second = cast.bens_model("Alder", generator="ngram")
    named = {name: imported_revision(name=name, modality="text") for name in (
        "alder", "alder@1", "alder@2", "alder@3", "alder@latest", "alder@²", "alder@1@2",
        "alder@99999999999999999999", "Alder",
    )}  # fmt: skip
    assert named.pop("alder") == named.pop("alder@2") == second
    assert named.pop("alder@1") == first
    # Everything else is not ours, and is not taken for it.
    assert {revision.adapter for revision in named.values()} == {IMPORTED}
    assert {revision.model.name for revision in named.values()} == set(named)


def test_names_of_any_script_and_length_get_a_slug_of_their_own() -> None:
    names = ["丹", "模型", "-", "a" * 200, "a" * 199 + "b", "model.1", "model-1"]
    slugs = {imported_revision(name=name, modality="text").model.slug for name in names}
    assert len(slugs) == len(names)
    assert all(0 < len(slug) <= 120 for slug in slugs)


def test_an_organisation_is_known_by_its_name() -> None:
    assert organisation(name="Ben's lab") == organisation(name="Ben's lab")
    with pytest.raises(BadInput, match="no letter or digit"):
        organisation(name="…")


def test_the_command_registers_and_refuses_in_one_sentence() -> None:
    out = StringIO()
    options = {"modality": "text", "organisation": "Ben's lab", "adapter": "demo"}
    call_command("register_model", "Alder", config='{"generator": "bm25"}', stdout=out, **options)
    assert out.getvalue() == "Alder competes as alder@1.\n"
    with pytest.raises(CommandError, match="--config is not JSON"):
        call_command("register_model", "Birch", config="{", **options)
    with pytest.raises(CommandError, match="must be a JSON object"):
        call_command("register_model", "Birch", config="[]", **options)
    with pytest.raises(CommandError, match="Birch: "):
        call_command("register_model", "Birch", config="{}", **options)
