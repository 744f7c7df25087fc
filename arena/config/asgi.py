"""The ASGI entrance: HTTP by Django, WebSockets by Channels."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
http = get_asgi_application()

from django.urls import re_path  # noqa: E402

# After get_asgi_application(): the consumers need the app registry.
SOCKETS = [
    (r"^ws/battles/(?P<battle_id>[0-9a-f-]{36})/$", "arena.votes.consumers.BattleConsumer"),
    (r"^ws/boards/(?P<slug>[a-z0-9-]+)/$", "ratings.boards.consumers.BoardConsumer"),
]

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(
            URLRouter([re_path(path, import_string(name).as_asgi()) for path, name in SOCKETS])
        ),
    }
)
