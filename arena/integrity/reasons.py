"""Every reason for which a vote is held or left out, in plain words: the one table of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reason:
    """What people read of a reason: `title` in tables, `text` to the voter."""

    title: str | Promise
    text: str | Promise


REASONS: dict[str, Reason] = {
    "below_gate": Reason(
        _("Not looked at as asked"),
        _("The answers were not heard or seen for as long as this arena asks."),
    ),
    "too_fast": Reason(
        _("Too fast"),
        _("It came sooner than anybody could have looked at the answers."),
    ),
    "output_names_model": Reason(
        _("An answer says who it is"),
        _("One of the answers says which model it is, so the vote was not blind."),
    ),
    "prompt_names_model": Reason(
        _("The prompt names a model"),
        _("The prompt names one of the models, so the vote may not have been blind."),
    ),
    "one_side": Reason(
        _("Always the same side"),
        _("Nearly all votes of this browser are for the same side, whatever was there."),
    ),
    "boosts_model": Reason(
        _("Always for one model"),
        _("This browser prefers one model far more often than other people do."),
    ),
    "sinks_model": Reason(
        _("Always against one model"),
        _("This browser decides against one model far more often than other people do."),
    ),
    "staff": Reason(
        _("Decided by the operator"),
        _("Whoever runs this site looked at it and decided so."),
    ),
}
