"""Mark words for translation where Django may not be imported; they are translated when shown."""

from __future__ import annotations


def gettext_noop(message: str) -> str:
    """Return the English words as they are; `manage.py messages` finds them by this name."""
    return message
