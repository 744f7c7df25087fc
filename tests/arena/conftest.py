"""What the tests of the live path share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings


@pytest.fixture(scope="package", autouse=True)
def no_search_for_static_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No page here needs its scripts, and each new browser would look for all of them (1 s)."""
    empty = tmp_path_factory.mktemp("static")
    with override_settings(SERVESTATIC_USE_FINDERS=False, STATIC_ROOT=empty):
        yield
