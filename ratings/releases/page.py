"""A release as the pages show it."""

from __future__ import annotations

from typing import Any

from ratings.releases.models import Release


def release_facts(release: Release) -> dict[str, Any]:
    """Return what lists and pages show of a release."""
    return {
        "name": release.name,
        "arena": release.arena,
        "created_at": release.built_at,
        "n_battles": release.manifest["n_votes"],
        "n_votes": release.manifest["n_votes"],
        "manifest_sha256": release.manifest_sha256,
    }
