"""Celery doors to this room."""

from arena.accounts import closing
from arena.common.tasks import scheduled

forget_unfinished = scheduled("accounts.forget_unfinished")(closing.forget_unfinished)
