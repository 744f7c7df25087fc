"""Set-up on a fresh machine: its lists agree, and whatever stops it is told in one message."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.embedded import setup
from deploy.embedded.places import REPOSITORY
from deploy.embedded.setup import Setup, SetupFailed, Stamp

REQUIREMENTS = REPOSITORY / "requirements.txt"
WHEELS = REPOSITORY / "deploy" / "embedded" / "universal-wheels.txt"
TEST_REQUIREMENTS = REPOSITORY / "tests" / "requirements.txt"


def pins(file: Path) -> dict[str, Requirement]:
    lines = (line.split("#")[0].split("--hash")[0].strip() for line in file.read_text().split("\n"))
    return {found.name.lower(): found for found in map(Requirement, filter(None, lines))}


@pytest.mark.parametrize("file", [REQUIREMENTS, TEST_REQUIREMENTS])
def test_every_version_is_exact(file):
    loose = [
        str(pin) for pin in pins(file).values() if not re.match(r"==[^,*]+$", str(pin.specifier))
    ]
    assert loose == []


def test_the_list_with_digests_names_the_same_versions_as_the_requirements():
    wanted, hashed = pins(REQUIREMENTS), pins(WHEELS)
    assert len(hashed) > 50
    for name, pin in hashed.items():
        assert (pin.specifier, pin.marker) == (wanted[name].specifier, wanted[name].marker)


def test_every_line_with_a_digest_has_one_of_full_length():
    lines = [line for line in WHEELS.read_text().splitlines() if not line.startswith("#")]
    assert all(re.search(r" --hash=sha256:[0-9a-f]{64}$", line) for line in lines)


def test_the_two_lists_of_requirements_share_no_package():
    assert set(pins(REQUIREMENTS)) & set(pins(TEST_REQUIREMENTS)) == set()


def test_no_lock_names_the_address_of_a_registry():
    lock = json.loads((REPOSITORY / "deploy" / "frontend" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
    for file in (REQUIREMENTS, TEST_REQUIREMENTS, WHEELS):
        assert "://" not in file.read_text()


def test_a_stamp_is_current_only_while_its_lists_are_unchanged(tmp_path):
    packages = tmp_path / "requirements.txt"
    packages.write_text("one==1\n")
    stamp = Stamp(tmp_path / "stamp", (packages,))
    assert not stamp.is_current()
    stamp.write()
    assert stamp.is_current()
    packages.write_text("one==2\n")
    assert not stamp.is_current()


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one small package in each list."""
    for list_ in ("requirements.txt", "deploy/embedded/universal-wheels.txt"):
        (tmp_path / list_).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / list_).write_text("vine==5.1.0\n")
    frontend = tmp_path / "deploy" / "frontend"
    frontend.mkdir()
    (frontend / "package.json").write_text('{"name": "nothing", "version": "1.0.0"}')
    (frontend / "package-lock.json").write_text("{}")
    return tmp_path


@pytest.fixture
def unreachable():
    """An environment whose package index is a closed port of this machine."""
    without = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    index = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    return {**without, **index, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}


def test_an_unreachable_index_is_told_once_and_leaves_no_environment(
    checkout, unreachable, monkeypatch
):
    def link_this_python(half: Setup) -> None:  # a real environment takes seconds to make
        half.python.parent.mkdir(parents=True)
        half.python.symlink_to(sys.executable)

    monkeypatch.setattr(Setup, "_make_venv_somehow", link_this_python)
    for packages in Setup(root=checkout).lists:
        packages.write_text("agon-has-no-such-package==1.0\n")
    with pytest.raises(SetupFailed, match="the package index could not be reached") as failure:
        Setup(root=checkout, environment=unreachable).run()
    assert "Traceback" not in str(failure.value)
    assert not (checkout / ".venv").exists()


def test_an_environment_without_stamps_is_made_anew(checkout, monkeypatch):
    half = checkout / ".venv" / "half-installed"
    half.parent.mkdir()
    half.write_text("")
    steps = []

    def note(made: Setup, title: str, *_command: object, **_more: object) -> None:
        steps.append(title)
        for folder in (made.python.parent, made.frontend / "node_modules"):
            folder.mkdir(parents=True, exist_ok=True)
        made.python.touch()

    monkeypatch.setattr(Setup, "_step", note)
    Setup(root=checkout).run()
    assert steps[0] == "Making .venv"
    assert not half.exists()
    assert Setup(root=checkout).is_complete()
    steps.clear()
    Setup(root=checkout).run()
    assert steps == []


def test_too_little_space_is_told_before_anything_is_made(checkout, monkeypatch):
    monkeypatch.setattr(setup, "NEEDED_BYTES", 2**60)
    with pytest.raises(SetupFailed, match="GB free, but the packages need about"):
        Setup(root=checkout).run()
    assert not (checkout / ".venv").exists()


def finished_python(checkout: Path) -> Setup:
    """Return a set-up of which only the front end is left to do."""
    half = Setup(root=checkout, environment={**os.environ, "PATH": str(checkout / "programs")})
    half.python.parent.mkdir(parents=True)
    half.python.symlink_to(sys.executable)
    for packages in half.lists:
        half._stamp(packages).write()
    (checkout / "programs").mkdir()
    return half


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_any_npm_the_message_says_what_was_looked_for(checkout):
    with pytest.raises(SetupFailed, match=r"no npm that works with Node\.js 20"):
        finished_python(checkout).run()


def test_a_broken_npm_on_the_machine_gives_way_to_the_one_in_the_environment(checkout):
    half = finished_python(checkout)
    program(checkout / "programs", "npm", "exit 1")
    program(checkout / "programs", "node", "echo v22.1.0")
    program(half.venv / "bin", "node", "echo v24.1.0")
    program(half.venv / "bin", "npm", '[ "$1" = ci ] && /bin/mkdir node_modules; exit 0')
    half.run()
    assert half.is_complete()


def test_a_failed_fetch_of_the_front_end_leaves_no_half_folder(checkout):
    half = finished_python(checkout)
    program(checkout / "programs", "node", "echo v22.1.0")
    fetch = "/bin/mkdir node_modules; echo npm error code ENOSPC >&2; exit 1"
    program(checkout / "programs", "npm", f'[ "$1" = ci ] || exit 0; {fetch}')
    with pytest.raises(SetupFailed, match="the disk is full"):
        half.run()
    assert not (checkout / "deploy" / "frontend" / "node_modules").exists()
    assert not half.is_complete()
