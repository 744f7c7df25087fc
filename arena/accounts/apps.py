from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_save


class AccountsConfig(AppConfig):
    name = "arena.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Keep the profiles of other sites out of the database."""
        from allauth.socialaccount.models import SocialAccount

        pre_save.connect(_keep_only_the_number, sender=SocialAccount)


def _keep_only_the_number(instance: Any, **kwargs: Any) -> None:
    # allauth writes a whole profile, again at each sign-in; nobody here needs it.
    instance.extra_data = {}
