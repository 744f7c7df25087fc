"""`manage.py register_model`: let a model compete."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from arena.common.commands import AgonCommand
from models_registry.adapters import ADAPTERS
from models_registry.adapters.contract import MODALITIES
from models_registry.services import register_model


class Command(AgonCommand):
    help = "Register a model, or a new revision of it when how it is run has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name that the reveal and the board show")
        parser.add_argument("--modality", required=True, choices=MODALITIES)
        parser.add_argument("--organisation", required=True)
        parser.add_argument("--adapter", required=True, choices=sorted(ADAPTERS))
        parser.add_argument("--config", default="{}", help="JSON for the adapter")
        parser.add_argument("--parameters", default="{}", help="JSON for each request")
        parser.add_argument(
            "--abilities",
            help="JSON of what it can be asked for, where the adapter cannot know: languages, "
            "vocals, max_duration_s, image_input, min_triangles, max_triangles, max_prompt_chars",
        )
        parser.add_argument("--licence", default="")
        parser.add_argument("--open-weights", action="store_true")
        parser.add_argument(
            "--release-outputs",
            action="store_true",
            help="outputs may be part of public dataset releases",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Register and print the revision."""
        revision = register_model(
            name=options["name"],
            modality=options["modality"],
            organisation_name=options["organisation"],
            adapter=options["adapter"],
            config=_json(options, "config"),
            parameters=_json(options, "parameters"),
            abilities=None if options["abilities"] is None else _json(options, "abilities"),
            licence=options["licence"],
            has_open_weights=options["open_weights"],
            may_release_outputs=options["release_outputs"],
        )
        self.stdout.write(f"{revision.model.name} competes as {revision.label}.")


def _json(options: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        value = json.loads(options[name])
    except ValueError as error:
        raise CommandError(f"--{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f'--{name} must be a JSON object such as {{"key": "value"}}.')
    return value
