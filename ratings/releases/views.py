"""Pages and downloads of releases."""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.common.errors import NotFound
from arena.common.http import serve_stored_file
from arena.common.markdown import render_document
from ratings.releases import files
from ratings.releases.models import Release
from ratings.releases.page import release_facts


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    """List all releases, the newest first."""
    found = Release.objects.select_related("arena")
    return render(
        request, "releases/index.html", {"releases": [release_facts(one) for one in found]}
    )


@require_safe
def release(request: HttpRequest, name: str) -> HttpResponse:
    """Show one release: its card, its files and how to check them."""
    found = get_object_or_404(Release.objects.select_related("arena"), name=name)
    with default_storage.open(found.prefix + files.CARD) as stream:
        card = render_document(stream.read().decode(), levels_down=2)
    manifest = {
        "path": files.MANIFEST,
        "sha256": found.manifest_sha256,
        "size_bytes": default_storage.size(found.prefix + files.MANIFEST),
    }
    listed = [
        {
            **entry,
            "size": entry["size_bytes"],
            "url": reverse("release_file", args=[name, entry["path"]]),
        }
        for entry in [manifest, *found.manifest["files"]]
    ]
    shown = {
        **release_facts(found),
        "files": listed,
        "card_html": card.html,
        "commands": (
            f"python3 manage.py release verify {name}\npython3 manage.py release board {name}"
        ),
    }
    return render(request, "releases/release.html", {"release": shown})


@require_safe
def release_file(request: HttpRequest, name: str, path: str) -> HttpResponseBase:
    """Send one file of a release, with byte ranges; only listed files exist."""
    found = get_object_or_404(Release, name=name)
    digests = {entry["path"]: entry["sha256"] for entry in found.manifest["files"]}
    digests[files.MANIFEST] = found.manifest_sha256
    if path not in digests:
        message = _("The release %(name)s has no file %(path)s.")
        raise NotFound(message % {"name": name, "path": path})
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = serve_stored_file(
        request,
        default_storage,
        found.prefix + path,
        media_type="text/plain; charset=utf-8" if path.endswith(".md") else media_type,
        etag=digests[path],
        cache_control="public, max-age=31536000, immutable",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}-{path.replace("/", "-")}"'
    return response
