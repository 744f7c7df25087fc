"""What a model can be asked for: declared by adapters, corrected by owners, checked on the way."""

from __future__ import annotations

import json
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from arena.common.errors import BadInput
from models_registry.abilities import Abilities, parsed_abilities, sentences
from models_registry.adapters import make_adapter
from models_registry.adapters.contract import MODALITIES
from models_registry.adapters.demo import GENERATORS
from models_registry.adapters.demo.mesh import solids
from models_registry.models import Model, Revision
from models_registry.services import abilities_of, register_model
from tests import cast

WHOLE = {
    "languages": ["en", "fr"],
    "vocals": "both",
    "max_duration_s": 47.5,
    "image_input": True,
    "min_triangles": 500,
    "max_triangles": 90_000,
    "max_prompt_chars": 800,
}
known = st.fixed_dictionaries(
    {},
    optional={
        "languages": st.none() | st.lists(st.sampled_from(["en", "fr", "zh", "yue"]), min_size=1),
        "vocals": st.none() | st.sampled_from(["instrumental", "vocals", "both"]),
        "max_duration_s": st.none() | st.floats(0.1, 3600),
        "image_input": st.none() | st.booleans(),
        "min_triangles": st.none() | st.integers(1, 1000),
        "max_triangles": st.none() | st.integers(1000, 10**8),
        "max_prompt_chars": st.none() | st.integers(1, 10**8),
    },
)


def a_player(**facts: Any) -> Revision:
    wanted = {"modality": "music", "adapter": "demo", "config": {"generator": "fm"}}
    return register_model(name="Alder", organisation_name="Ben's lab", **(wanted | facts))


@given(known)
def test_what_is_declared_survives_its_own_json(value: dict[str, Any]) -> None:
    abilities = parsed_abilities(value)
    assert parsed_abilities(json.loads(json.dumps(abilities.as_json()))) == abilities


@given(known, known)
def test_a_correction_speaks_only_for_its_own_keys(
    declared: dict[str, Any], correction: dict[str, Any]
) -> None:
    before, alone = parsed_abilities(declared), parsed_abilities(correction)
    after = before.corrected_by(correction)
    for key in WHOLE:
        assert getattr(after, key) == getattr(alone if key in correction else before, key)


anything = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)


@given(anything | st.dictionaries(st.sampled_from(sorted(WHOLE)) | st.text(), anything))
def test_any_other_json_is_taken_or_refused_in_words(value: object) -> None:
    try:
        abilities = parsed_abilities(value)
    except ValueError as refusal:
        told = str(refusal)
    else:
        told = " ".join(sentences(abilities)) or "."
    assert told.endswith(".")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["en"], "write a JSON object"),
        ({"langauges": ["en"]}, "no ability 'langauges'"),
        ({"languages": "en"}, "list of language codes"),
        ({"languages": []}, "or null for any language"),
        ({"languages": ["en-GB"]}, "without a region"),
        ({"vocals": "yes"}, "use one of instrumental, vocals, both"),
        ({"max_duration_s": 0}, "use seconds above 0"),
        ({"max_duration_s": True}, "use seconds above 0"),
        ({"max_duration_s": float("nan")}, "use seconds above 0"),
        ({"image_input": 1}, "use true or false"),
        ({"max_triangles": 0.5}, "use a whole number"),
        ({"max_prompt_chars": -1}, "use a whole number"),
        ({"min_triangles": 9, "max_triangles": 8}, "exchange the two"),
    ],
)
def test_an_ability_that_cannot_be_meant_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parsed_abilities(value)


def test_an_ability_of_another_modality_is_refused() -> None:
    with pytest.raises(ValueError, match="'vocals' is for music models; this one makes mesh"):
        parsed_abilities({"vocals": "both"}, modality="mesh")
    assert parsed_abilities({"languages": ["en"]}, modality="mesh").languages == {"en"}


def test_everything_declared_is_said_in_a_sentence_and_nothing_else() -> None:
    assert sentences(Abilities()) == []
    assert len(sentences(parsed_abilities(WHOLE))) == len(WHOLE)
    assert sentences(parsed_abilities({"vocals": "instrumental"})) == [
        "Plays instruments; never sings."
    ]


def test_the_demo_generators_declare_what_they_do() -> None:
    declared = {
        name: make_adapter("demo", {"generator": name}).capabilities().abilities
        for name in GENERATORS
    }
    assert all(one.languages is None for one in declared.values())  # none refuses a language
    assert {declared[name].vocals for name in ("additive", "fm", "plucked")} == {"instrumental"}
    for name in ("terrain", "plant", "lathe", "superquadric"):
        assert declared[name].min_triangles == declared[name].max_triangles == solids.MOST_TRIANGLES
    for name, described in GENERATORS.items():
        assert described.modality in MODALITIES
        assert parsed_abilities(declared[name].as_json(), modality=described.modality)


def test_a_demo_clip_lasts_as_long_as_declared() -> None:
    import soundfile

    from models_registry.adapters.demo.music.additive import generate

    data, _ = generate("calm", 1, {}, lambda _fraction: None)
    samples, rate = soundfile.read(BytesIO(data))
    declared = GENERATORS["additive"].abilities.max_duration_s
    assert declared is not None
    assert np.isclose(len(samples) / rate, declared, atol=0.01)


@pytest.mark.django_db
def test_the_owners_word_corrects_the_adapters() -> None:
    revision = a_player()
    assert abilities_of(revision) == GENERATORS["fm"].abilities
    a_player(abilities={"max_duration_s": 20, "vocals": None})
    corrected = abilities_of(Revision.objects.get())
    assert (corrected.max_duration_s, corrected.vocals) == (20.0, None)
    a_player()  # registering again without the option leaves what stands
    assert abilities_of(Revision.objects.get()) == corrected
    a_player(abilities={})
    assert abilities_of(Revision.objects.get()) == GENERATORS["fm"].abilities


@pytest.mark.django_db
def test_abilities_that_cannot_be_meant_register_nothing() -> None:
    with pytest.raises(BadInput, match=r"Alder: 'vocals' is 'loud'"):
        a_player(abilities={"vocals": "loud"})
    with pytest.raises(BadInput, match="for mesh models"):
        a_player(abilities={"max_triangles": 5})
    assert not Model.objects.exists()


@pytest.mark.django_db
def test_what_cannot_be_read_any_more_limits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    revision = a_player()
    Model.objects.update(abilities={"of an older version": 1})
    assert abilities_of(Revision.objects.get()) == GENERATORS["fm"].abilities
    Model.objects.update(abilities={})
    monkeypatch.setattr("models_registry.services._declared", {})
    monkeypatch.setattr("models_registry.adapters.ADAPTERS", {})
    assert abilities_of(revision) == Abilities()


@pytest.mark.django_db
def test_the_command_takes_abilities() -> None:
    options = {"modality": "music", "organisation": "Ben's lab", "adapter": "demo"}
    config = '{"generator": "fm"}'
    call_command(
        "register_model", "Alder", config=config, abilities='{"max_duration_s": 20}',
        stdout=StringIO(), **options,
    )  # fmt: skip
    assert Model.objects.get().abilities == {"max_duration_s": 20}
    with pytest.raises(CommandError, match="Alder: There is no ability 'sings'"):
        call_command("register_model", "Alder", config=config, abilities='{"sings": 1}', **options)
    with pytest.raises(CommandError, match="--abilities is not JSON"):
        call_command("register_model", "Alder", config=config, abilities="{", **options)


@pytest.mark.django_db
def test_staff_see_and_correct_abilities_and_a_mistake_is_explained(client: Client) -> None:
    client.force_login(User.objects.create_superuser("mia"))
    model = a_player().model
    address = f"/staff/models_registry/model/{model.pk}/change/"
    page = client.get(address)
    assert "Plays instruments; never sings. Makes clips of up to 12 s." in page.content.decode()
    form = {
        key: value
        for key, value in page.context["adminform"].form.initial.items()
        if value is not None
    } | {"organisation": str(model.organisation_id)}
    refused = client.post(address, {**form, "abilities": '{"vocals": "loud"}'})
    assert "use one of instrumental, vocals, both" in refused.content.decode()
    client.post(address, {**form, "abilities": '{"vocals": "both"}'})
    model.refresh_from_db()
    assert model.abilities == {"vocals": "both"}


@pytest.mark.django_db
def test_a_model_with_wrong_abilities_is_not_clean() -> None:
    model = cast.bens_model("Alder").model
    model.abilities = {"vocals": "both"}
    with pytest.raises(ValidationError, match="for music models"):
        model.full_clean()
