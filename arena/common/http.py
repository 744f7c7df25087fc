"""Serve a stored file with byte ranges, so that players can seek and downloads can resume."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.files.storage import Storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from arena.common.errors import NotFound

CHUNK_BYTES = 256 * 1024
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")  # far beyond any file, never beyond int()


def serve_stored_file(
    request: HttpRequest,
    storage: Storage,
    key: str,
    *,
    media_type: str,
    etag: str | None = None,
    cache_control: str = "private, max-age=3600",
) -> HttpResponseBase:
    """Answer a GET or HEAD for a stored file (RFC 9110: one byte range, 416 when unsatisfiable).

    Raises NotFound when the store has no such key.
    """
    if not storage.exists(key):
        raise NotFound(_("This file is no longer here."))
    size = storage.size(key)
    start, stop, status = 0, size, 200
    match = RANGE.fullmatch(request.headers.get("Range", "").strip())
    # A range is defined for GET alone (RFC 9110, 14.2).
    if request.method == "GET" and match and (match[1] or match[2]):
        if match[1]:
            start = int(match[1])
            stop = min(int(match[2]) + 1, size) if match[2] else size
        else:
            start = max(size - int(match[2]), 0)
        if start >= size or stop <= start:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=status)
    else:
        response = StreamingHttpResponse(_read(storage, key, start, stop), status=status)
    response["Content-Type"] = media_type
    response["Content-Length"] = str(stop - start)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = cache_control
    response["X-Content-Type-Options"] = "nosniff"
    if etag:
        response["ETag"] = f'"{etag}"'
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


async def _read(storage: Storage, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
    # Asynchronous: under ASGI a plain iterator would be read whole into memory first. Opened here,
    # so that a response that nobody reads leaves no file open.
    with await sync_to_async(storage.open)(key) as stream:
        await sync_to_async(stream.seek)(start)
        left = stop - start
        while left > 0 and (chunk := await sync_to_async(stream.read)(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
