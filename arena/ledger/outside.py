"""The newest checkpoint, kept outside the database: what shows that its end was cut off."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

KEY = "ledger/newest-checkpoint.json"


def remember(number: int, digest: str) -> None:
    """Write down the newest checkpoint in the store of files.

    Between the two steps there may be none for a moment, or for good after a crash; the next
    checkpoint writes it anew.
    """
    default_storage.delete(KEY)
    default_storage.save(KEY, ContentFile(json.dumps({"number": number, "digest": digest})))


def remembered() -> tuple[int, str] | None:
    """Return the number and the digest that were written down, None where there are none."""
    try:
        with default_storage.open(KEY) as stream:
            found: dict[str, Any] = json.load(stream)
        return int(found["number"]), str(found["digest"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return 0, "unreadable"
