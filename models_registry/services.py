"""Register organisations, models and revisions."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from arena.common.errors import BadInput
from arena.common.hashing import sha256_hex
from models_registry.abilities import Abilities
from models_registry.adapters import adapter_class
from models_registry.models import IMPORTED, Model, Organisation, Revision

log = logging.getLogger("agon.models")

LABEL = re.compile(r"(?P<slug>[-\w]+)(?:@(?P<number>[0-9]+))?", re.ASCII)


def organisation(*, name: str, homepage: str = "") -> Organisation:
    """Return the organisation of this name, made if new."""
    slug = slugify(name)
    if not slug:
        raise BadInput(f"'{name}' has no letter or digit to name an organisation by.")
    return Organisation.objects.get_or_create(
        slug=slug, defaults={"name": name, "homepage": homepage}
    )[0]


@transaction.atomic
def register_model(
    *,
    name: str,
    modality: str,
    organisation_name: str,
    adapter: str,
    config: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    abilities: Mapping[str, Any] | None = None,
    slug: str = "",
    status: str = Model.Status.PUBLIC,
    **facts: Any,
) -> Revision:
    """Register a model, or a new revision of it when how it is run has changed.

    `abilities` correct what the adapter declares; None leaves them as they are. Raises BadInput
    when the adapter is unknown, refuses the configuration, or serves another modality, and for
    abilities that cannot be meant.
    """
    slug = slug or slugify(name)
    try:
        Model._meta.get_field("slug").clean(slug, None)
    except ValidationError as error:
        raise BadInput(
            f"{name}: '{slug}' cannot stand for it in labels; give a slug of up to 120 letters, "
            "digits, hyphens or underscores."
        ) from error
    try:
        runner = adapter_class(adapter)(config)
    except ValueError as error:
        raise BadInput(f"{name}: {error}") from error
    if runner.capabilities().modality != modality:
        raise BadInput(
            f"{name}: this configuration of '{adapter}' makes "
            f"{runner.capabilities().modality}, not {modality}."
        )
    if abilities is not None:
        try:
            runner.capabilities().abilities.corrected_by(abilities, modality=modality)
        except ValueError as error:
            raise BadInput(f"{name}: {error}") from error
        facts["abilities"] = dict(abilities)
    owner = organisation(name=organisation_name)
    model, is_new = Model.objects.get_or_create(
        modality=modality,
        slug=slug,
        defaults={"name": name, "organisation": owner, "status": status, **facts},
    )
    if not is_new:
        # What staff decided since (published, retired) stands.
        for field, value in {"name": name, "organisation": owner, **facts}.items():
            setattr(model, field, value)
        model.save(update_fields=["name", "organisation", *facts])
    return add_revision(
        model=model, adapter=adapter, config=runner.config, parameters=parameters or {}
    )


@transaction.atomic
def add_revision(
    *, model: Model, adapter: str, config: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Revision:
    """Add a revision unless the newest one is run in just this way."""
    how = {"adapter": adapter, "config": config, "parameters": parameters}
    digest = sha256_hex(json.dumps(how, sort_keys=True))
    Model.objects.select_for_update().get(pk=model.pk)
    newest = model.revisions.order_by("-number").first()
    if newest is not None and newest.config_sha256 == digest:
        return newest
    return Revision.objects.create(
        model=model,
        number=newest.number + 1 if newest else 1,
        adapter=adapter,
        config=dict(config),
        parameters=dict(parameters),
        config_sha256=digest,
    )


_declared: dict[str, Abilities] = {}  # by the digest of how a revision is run: it never changes


def abilities_of(revision: Revision) -> Abilities:
    """Return what this revision can be asked for: its adapter's word, corrected by its owner's.

    An adapter that is not here limits nothing, nor does a correction that no longer fits it. The
    revision's model should be fetched with it.
    """
    declared = _declared.get(revision.config_sha256)
    if declared is None:
        try:
            declared = adapter_class(revision.adapter)(revision.config).capabilities().abilities
        except ValueError as error:  # of an adapter that was taken away, or checks more by now
            log.warning("abilities of %s are unknown: %s", revision.label, error)
            declared = Abilities()
        _declared[revision.config_sha256] = declared
    try:
        return declared.corrected_by(revision.model.abilities)
    except ValueError as error:
        log.warning("abilities of %s are left as its adapter says: %s", revision.label, error)
        return declared


def imported_revision(*, name: str, modality: str) -> Revision:
    """Return the revision that imported votes for this model name count for.

    `slug@number` and the slug of a registered model mean that model; any other name makes a model
    that is known from imported votes only and never plays.
    """
    found = _registered_revision(name, modality)
    if found is not None:
        return found
    model, _ = Model.objects.get_or_create(
        modality=modality,
        slug=_imported_slug(name),
        defaults={
            "name": name,
            "organisation": organisation(name="Imported"),
            "status": Model.Status.DRAFT,
        },
    )
    return add_revision(model=model, adapter=IMPORTED, config={}, parameters={})


def _registered_revision(name: str, modality: str) -> Revision | None:
    label = LABEL.fullmatch(name)
    if label is None:
        return None
    revisions = Revision.objects.filter(model__modality=modality, model__slug=label["slug"])
    if label["number"]:
        revisions = revisions.filter(number=int(label["number"]))
    return revisions.order_by("-number").first()


def _imported_slug(name: str) -> str:
    # The digest keeps names apart that a slug would fold together ("model.1" and "model-1").
    return f"{slugify(name)[:100]}-{sha256_hex(name)[:8]}".lstrip("-")
