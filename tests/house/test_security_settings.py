"""What an operator of a public site relies on without asking."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from tests.conftest import REPOSITORY


def test_djangos_deployment_check_finds_nothing_behind_https() -> None:
    environment = {
        **os.environ,
        "HTTPS": "True",
        "ALLOWED_HOSTS": "arena.example.org",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "AGON_SKIP_SETUP": "1",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
