"""9 · What may leave: pseudonyms, redaction and the list of columns; plain Python, no database."""

from __future__ import annotations

from ratings.releases.privacy.fields import FIELDS, Field, UnsafeRow, check_row
from ratings.releases.privacy.pseudonyms import Pseudonyms
from ratings.releases.privacy.redaction import KINDS, Redaction, Span, redact

__all__ = [
    "FIELDS",
    "KINDS",
    "Field",
    "Pseudonyms",
    "Redaction",
    "Span",
    "UnsafeRow",
    "check_row",
    "redact",
]
