"""What the pages about accounts may offer on this installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def ways_to_sign_in(request: HttpRequest) -> dict[str, Any]:
    """Tell the templates whether mail can be sent, without which codes and resets are absent."""
    return {"has_mail": settings.MAIL.is_set}
