"""1 · A prompt arrives."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks


class PromptsConfig(AppConfig):
    name = "arena.prompts"
    label = "prompts"

    def ready(self) -> None:
        """Refuse to start with a moderator that there is not."""
        checks.register(check_moderator)


def check_moderator(app_configs: Any = None, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Say what is wrong with the setting MODERATOR."""
    from arena.prompts.moderation.table import UnknownModerator, make_moderator

    try:
        make_moderator(settings.MODERATION)
    except UnknownModerator as error:
        return [checks.Error(str(error), id="prompts.E001")]
    return []
