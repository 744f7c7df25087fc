"""`manage.py worker --queues gen.image,gen.music`: serve queues from any machine."""

from __future__ import annotations

import os
from typing import Any

from celery import current_app
from celery.signals import worker_process_init
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.common.orphans import end_with_parent


class Command(BaseCommand):
    help = "Serve Celery queues until stopped; text is served by `manage.py gateway`."

    def add_arguments(self, parser: CommandParser) -> None:
        known = ",".join(settings.TASK_TIME_LIMIT_S)
        parser.add_argument("--queues", required=True, help=f"some of {known}, joined by commas")
        parser.add_argument("--processes", type=int, default=1, help="jobs at a time (default: 1)")
        parser.add_argument("--name", default="worker", help="how this worker is called in logs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped; a warm stop lets the job in hand finish."""
        queues = [queue.strip() for queue in options["queues"].split(",") if queue.strip()]
        unknown = sorted(set(queues) - set(settings.TASK_TIME_LIMIT_S))
        if unknown or not queues:
            known = ", ".join(settings.TASK_TIME_LIMIT_S)
            raise CommandError(
                f"--queues has {', '.join(unknown) or 'nothing'}; use some of: {known}. "
                "Text battles are served by `manage.py gateway`."
            )
        # Processes of a pool hold each other's pipes open, and would not notice a killed worker.
        worker_process_init.connect(_end_with_worker, weak=False)
        current_app.worker_main(
            [
                "worker",
                *("--queues", ",".join(queues)),
                *("--concurrency", str(options["processes"])),
                *("--hostname", f"{options['name']}@%h"),
                *("--without-gossip", "--without-mingle", "--loglevel=INFO"),
            ]
        )


def _end_with_worker(**_: Any) -> None:
    end_with_parent(os.getppid())
