from django.apps import AppConfig
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from ratings.boards.charts.words import speak_with


class BoardsConfig(AppConfig):
    name = "ratings.boards"
    label = "boards"

    def ready(self) -> None:
        """Let the charts speak the language of the page."""
        speak_with(
            gettext=gettext,
            ngettext=ngettext,
            grouped=lambda n: number_format(n, force_grouping=True),
        )
