"""Numbers as the language of the page writes them, for people; files and JSON have plain ones."""

from __future__ import annotations

from django.utils.formats import get_format
from django.utils.translation import gettext as _


def decimal(value: float, digits: int) -> str:
    """Return a number with so many decimals: "0.12", or "0,12" where a comma stands there."""
    return f"{value:.{digits}f}".replace(".", get_format("DECIMAL_SEPARATOR"))


def percent(share: float, digits: int = 0) -> str:
    """Return a share in [0, 1] as "12%", or "12 %" where a space stands there."""
    return _("%(number)s%%") % {"number": decimal(100 * share, digits)}
