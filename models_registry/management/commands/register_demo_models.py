"""`manage.py register_demo_models`: the built-in generators, all modalities, CPU, no weights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from models_registry.demo_models import register_demo_models


class Command(BaseCommand):
    help = "Register the built-in demo generators."

    def handle(self, *args: Any, **options: Any) -> None:
        """Register and say how many there are."""
        revisions = register_demo_models()
        self.stdout.write(f"Demo generators registered: {len(revisions)}.")
