"""`manage.py test`: every check of the house, then the tests; it ends with pytest's own summary."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.places import REPOSITORY

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One tool that must find nothing to say against the code."""

    name: str
    argv: Sequence[str]
    cwd: Path = REPOSITORY


def all_checks() -> list[Check]:
    """Return the checks in the order of running: the quickest first."""
    frontend = REPOSITORY / "deploy" / "frontend"
    node_tools = frontend / "node_modules" / ".bin"
    manage = str(REPOSITORY / "manage.py")
    return [
        Check("ruff check", [str(BIN / "ruff"), "check", "."]),
        Check("ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
        Check("import-linter", [str(BIN / "lint-imports")]),
        Check("djlint", [str(BIN / "djlint"), "templates", "--lint", "--quiet"]),
        Check("tsc", [str(node_tools / "tsc"), "--noEmit", "--project", "tsconfig.json"], frontend),
        Check("mypy", [str(BIN / "mypy")]),
        Check("migrations", [sys.executable, manage, "makemigrations", "--check", "--dry-run"]),
    ]


def main(arguments: Sequence[str]) -> int:
    """Run the checks and the tests, or with arguments only the tests that they choose."""
    os.chdir(REPOSITORY)
    os.environ.update(_environment())
    if reason := provide_browser():
        print(f"browser tests will be skipped: {reason}", flush=True)
        os.environ["AGON_NO_BROWSER"] = reason
    if not arguments:
        for check in all_checks():
            if status := run(check):
                return status
        arguments = ["-n", "2", "--dist", "loadgroup"]
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def run(check: Check) -> int:
    """Run one check; print one line when it passes, its whole output when it does not."""
    started = time.monotonic()
    try:
        answer = subprocess.run(
            check.argv, cwd=check.cwd, capture_output=True, text=True, check=False
        )
    except OSError as error:
        print(f"{check.name}: cannot run: {error}", flush=True)
        return 1
    took = f"{time.monotonic() - started:.1f} s"
    if answer.returncode == 0:
        print(f"{check.name}: passed in {took}", flush=True)
        return 0
    print(f"{answer.stdout}{answer.stderr}\n{check.name}: failed in {took}", flush=True)
    return answer.returncode


def find_browser() -> str | None:
    """Return the path of a Chromium that Playwright can drive."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def provide_browser() -> str:
    """Install Chromium where that is possible; return why there is none, or nothing."""
    if find_browser():
        return ""
    tried = f"none of {', '.join(BROWSERS)} is on PATH"
    apt = shutil.which("apt-get")
    if not apt:
        return f"{tried}; install one with this system's package manager"
    if os.geteuid() != 0:
        return f"{tried}; run as root: apt-get install chromium"
    print("installing Chromium with apt-get …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    # A source of packages that does not answer fails the update, and need not hold Chromium.
    subprocess.run([apt, "update", "-qq"], capture_output=True, check=False, env=quiet)
    answer = subprocess.run(install, capture_output=True, text=True, check=False, env=quiet)
    if answer.returncode != 0:
        words = (answer.stderr or answer.stdout).strip().splitlines()[-1:]
        return f"{tried}, and `{' '.join(install)}` failed: {' '.join(words)}"
    return "" if find_browser() else f"{tried}, not even after apt-get install chromium"


def _environment() -> dict[str, str]:
    """Return what tools that read Django's settings need; the tests bring their own services."""
    return {
        "DJANGO_SETTINGS_MODULE": "arena.config.settings",
        "AGON_SKIP_SETUP": "1",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50),
        "PYTHONPATH": str(REPOSITORY),
    }
