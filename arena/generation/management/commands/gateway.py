"""`manage.py gateway`: run text battles, for ever."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from arena.generation.gateway import Gateway


class Command(BaseCommand):
    help = "Run text battles until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        asyncio.run(_run_until_stopped())


async def _run_until_stopped() -> None:
    running = asyncio.create_task(Gateway().run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return
