"""Which moderators there are, and the one that the settings choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from arena.prompts.moderation.contract import Moderator, Together
from arena.prompts.moderation.endpoint import EndpointModerator
from arena.prompts.moderation.rules import RuleModerator


class UnknownModerator(ValueError):
    """The setting names a moderator that there is not; the message says what to write."""


def make_moderator(
    chosen: Mapping[str, Any], blocked: Iterable[tuple[str, str, str]] = ()
) -> Moderator:
    """Return the moderator of the setting MODERATION.

    Args:
        chosen: `moderators`, names of the table or dotted paths of classes that take nothing;
            `url`, `model`, `key`, `timeout_s` and `sees_images` for the endpoint.
        blocked: phrases of the operators, for the rules.

    Raises:
        UnknownModerator: for a path that leads nowhere or to something else.
    """
    made = [_made(name, chosen, blocked) for name in chosen["moderators"]]
    return made[0] if len(made) == 1 else Together(made)


def _made(
    name: str, chosen: Mapping[str, Any], blocked: Iterable[tuple[str, str, str]]
) -> Moderator:
    if name == RuleModerator.name:
        return RuleModerator(blocked)
    if name == EndpointModerator.name:
        return EndpointModerator(
            **{key: chosen[key] for key in ("url", "model", "key", "timeout_s")},
            sees_images=chosen.get("sees_images", False),
        )
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownModerator(
            f"MODERATOR names '{name}', which cannot be imported ({error}); write rules, endpoint "
            "or the dotted path of a class"
        ) from None
    if not (isinstance(found, type) and issubclass(found, Moderator)):
        raise UnknownModerator(
            f"MODERATOR names '{name}', which is no moderator; let it inherit "
            "arena.prompts.moderation.Moderator"
        )
    moderator: Moderator = found()
    return moderator
