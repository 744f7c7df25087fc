"""Pages and downloads of releases."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from models_registry.models import Revision
from ratings.releases import files
from ratings.releases.models import Release
from ratings.releases.services import build_release
from tests import cast

SHARD = "battles-0001.parquet"
# One of each for all tests: each new one reads the whole list of static files.
BROWSER, ASYNC_BROWSER = Client(), AsyncClient()


@pytest.fixture
def release(store: Path, ada: Voter, arena: Arena, models: list[Revision]) -> Release:
    """A release of three votes."""
    for choice in ("a", "b", "tie"):
        cast.vote(cast.shown_battle(arena, ada), choice)
    return build_release(arena)


def stored(release: Release, store: Path, path: str) -> bytes:
    return (store / "releases" / release.name / path).read_bytes()


def got(path: str, **headers: str) -> tuple[Any, bytes]:
    """The answer to a GET and its whole body, served as the site serves it: asynchronously."""

    async def answer() -> tuple[Any, bytes]:
        response = await ASYNC_BROWSER.get(path, headers=headers)
        if not response.streaming:
            return response, response.content
        return response, b"".join([part async for part in response])

    return async_to_sync(answer)()


def test_the_page_lists_every_file_with_its_digest_and_says_how_to_check(release: Release) -> None:
    assert release.name in BROWSER.get("/releases/").content.decode()
    html = BROWSER.get(f"/releases/{release.name}/").content.decode()
    assert release.manifest_sha256 in html
    for entry in release.manifest["files"]:
        assert f'href="/releases/text-0001/files/{entry["path"]}"' in html
        assert entry["sha256"] in html
    assert "/releases/text-0001/files/manifest.json" in html
    assert "python3 manage.py release verify text-0001" in html
    assert "votes in this release" in html  # the card


def test_without_a_release_the_list_says_so(db: None) -> None:
    assert "No release yet" in BROWSER.get("/releases/").content.decode()
    assert BROWSER.get("/releases/text-0001/").status_code == 404


def test_every_listed_file_is_sent_whole(store: Path, release: Release) -> None:
    for path in [files.MANIFEST, *(entry["path"] for entry in release.manifest["files"])]:
        response, body = got(f"/releases/text-0001/files/{path}")
        assert response.status_code == 200
        assert body == stored(release, store, path)
        assert response.headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert response.headers["Content-Length"] == str(len(body))
        assert response.headers["Content-Disposition"].startswith('attachment; filename="text-0001')
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
def test_a_download_can_be_resumed_from_any_byte(
    store: Path, release: Release, asked: str, start: int, stop: int | None
) -> None:
    whole = stored(release, store, SHARD)
    response, body = got(f"/releases/text-0001/files/{SHARD}", Range=asked)
    assert response.status_code == 206
    assert body == whole[start:stop]
    first = start % len(whole)
    expected = f"bytes {first}-{first + len(body) - 1}/{len(whole)}"
    assert response.headers["Content-Range"] == expected


def test_a_range_past_the_end_is_answered_with_the_size(store: Path, release: Release) -> None:
    size = len(stored(release, store, SHARD))
    response, _ = got(f"/releases/text-0001/files/{SHARD}", Range=f"bytes={size}-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "path",
    [
        "../../secret.txt",
        "..%2f..%2fsecret.txt",
        "%2e%2e/%2e%2e/secret.txt",
        "/etc/passwd",
        "media/../manifest.json",
        "./manifest.json",
        "unlisted.txt",
        "battles-0002.parquet",
    ],
)
def test_only_listed_files_are_sent(release: Release, store: Path, path: str) -> None:
    (store / "secret.txt").write_text("secret")
    (store / "releases" / release.name / "unlisted.txt").write_text("secret")
    response = BROWSER.get(f"/releases/{release.name}/files/{path}")
    assert response.status_code == 404
    assert b"secret\n" not in response.content


def test_a_release_is_only_read(release: Release) -> None:
    for path in ("/releases/", f"/releases/{release.name}/", f"/releases/text-0001/files/{SHARD}"):
        assert BROWSER.post(path).status_code == 405
    head = BROWSER.head(f"/releases/{release.name}/files/{SHARD}")
    assert (head.status_code, head.content) == (200, b"")


def test_what_was_downloaded_verifies(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / release.name
    folder.mkdir()
    _, manifest = got(f"/releases/{release.name}/files/manifest.json")
    (folder / files.MANIFEST).write_bytes(manifest)
    for entry in json.loads(manifest)["files"]:
        _, content = got(f"/releases/{release.name}/files/{entry['path']}")
        (folder / entry["path"]).write_bytes(content)
    assert files.verify(folder) == release.manifest
    assert files.manifest_sha256(folder) == release.manifest_sha256
