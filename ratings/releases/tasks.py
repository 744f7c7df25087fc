"""Celery doors to this room."""

from arena.common.tasks import scheduled
from ratings.releases import services

build_releases = scheduled("releases.build_releases")(services.build_releases)
