"""How much one request may carry, looked at before any of it is parsed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler

MAX_REQUEST_BYTES = 42 * 1024 * 1024  # four pictures of 10 MB, their words, and the form


class CappedUploads(TemporaryFileUploadHandler):
    """Files in the temporary folder, gone with the request; a request above the cap is refused."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raise RequestDataTooBig, which answers 400, for a body above `MAX_REQUEST_BYTES`."""
        if content_length > MAX_REQUEST_BYTES:
            raise RequestDataTooBig(f"a form of {content_length} bytes")
