"""Wiring by name, no logic."""

# Celery's current app is ours wherever settings are read.
from arena.config.celery import app as celery_app

__all__ = ["celery_app"]
