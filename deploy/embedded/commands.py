"""Run one Django command; failures that an operator can mend are told in a sentence."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from arena.config.environment import SettingRefused
from deploy.embedded.places import Places, PlaceUnusable


def main(argv: Sequence[str]) -> int:
    """Run `manage.py <command> …` and return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        if not os.environ.get("SECRET_KEY") and not os.environ.get("DATABASE_URL"):
            places = Places.from_environment()
            places.prepare()
            places.read_or_make_secret_key()
        execute_from_command_line(list(argv))
    except (SettingRefused, PlaceUnusable) as refusal:
        print(f"Agon cannot start: {refusal}", file=sys.stderr)
        return 1
    except OperationalError as error:
        if os.environ.get("DATABASE_URL"):
            raise
        print(
            f"The embedded database does not answer ({str(error).strip().splitlines()[0]}).\n"
            f"Start it with `python3 manage.py up` in another terminal, or set DATABASE_URL.",
            file=sys.stderr,
        )
        return 1
    return 0


def run_all(commands: Sequence[Sequence[str]]) -> None:
    """Run several Django commands in this process, in order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
    import django
    from django.core.management import call_command
    from django.db import OperationalError

    django.setup()
    try:
        for name, *arguments in commands:
            print(f"── {name}", flush=True)
            call_command(name, *arguments)
    except OperationalError as error:
        print(f"DATABASE_URL does not answer: {str(error).strip().splitlines()[0]}")
        sys.exit(1)


if __name__ == "__main__":
    run_all(json.loads(sys.argv[1]))
