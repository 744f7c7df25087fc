"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as examples
from pytest_django.fixtures import Settings

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.catalogues import compile_catalogues
from models_registry.models import Revision
from tests import cast

REPOSITORY = Path(__file__).resolve().parents[1]

# A busy machine is slow, and that says nothing about the code.
examples.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("any machine")
# Each test client would list every static file when it starts; the browser tests load them.
settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "servestatic" not in name]


@pytest.fixture
def ada(db: None) -> Voter:
    """Ada, who has accepted the terms and votes."""

    return cast.ada()[0]


@pytest.fixture
def eve(db: None) -> Voter:
    """Eve, another voter, who asks for what is not hers."""

    return cast.ada()[0]


@pytest.fixture
def arena(db: None) -> Arena:
    """An open text arena."""

    return cast.text_arena()


@pytest.fixture
def models(db: None) -> list[Revision]:
    """Three text models of Ben's that compete."""

    return [cast.bens_model(name) for name in ("Alder", "Birch", "Cedar")]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of our catalogues as Django reads them."""
    folder = tmp_path_factory.mktemp("locale")
    assert list(compile_catalogues(settings.CATALOGUES, folder))
    return folder


@pytest.fixture
def catalogues(compiled: Path, settings: Settings) -> None:
    """The site as `up` leaves it, with every language on offer."""
    settings.LOCALE_PATHS = [compiled]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real votes by others; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("AGON_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; name its folder in AGON_TEST_DATA")
    return folder
