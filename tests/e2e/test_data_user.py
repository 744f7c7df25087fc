"""A data user takes a release, checks it, computes its board again, and finds its reward model."""

from __future__ import annotations

import hashlib
import io
import json
import urllib.request

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

from tests.e2e.site import Site, wait_until
from tests.e2e.visitor import PHONE, check_accessibility

TRAIN_TIMEOUT_S = 180


@pytest.fixture(scope="module")
def release(site: Site) -> str:
    """A text release of everything that was voted so far, and of some 200 votes more."""
    site.manage("shell", "-c", "from tests.e2e.many_votes import cast_many; cast_many()")
    told = site.manage("release", "build", "text")
    assert "Release text-0001: " in told
    return "text-0001"


def download(address, part=None):
    """Fetch as a script does, without a browser: (status, headers, bytes)."""
    request = urllib.request.Request(address, headers={"Range": part} if part else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.headers, answer.read()


def test_a_release_is_downloaded_in_parts_checked_and_gives_the_board_again(ada, site, release):
    page = ada.open("/releases/")
    page.get_by_role("link", name=release).click()
    page.wait_for_url(f"**/releases/{release}/")
    check_accessibility(page)
    shard = page.get_by_role("link", name="battles-0001.parquet")
    digest = page.locator("tr", has=shard).locator("[data-copy]").get_attribute("data-copy")
    address = site.url + str(shard.get_attribute("href"))

    status, headers, whole = download(address)
    assert (status, headers["Accept-Ranges"]) == (200, "bytes")
    assert hashlib.sha256(whole).hexdigest() == digest
    for part, wanted in (("bytes=0-99", whole[:100]), ("bytes=-8", whole[-8:])):
        status, headers, data = download(address, part)
        assert (status, data) == (206, wanted)
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    rows = pq.read_table(io.BytesIO(whole)).to_pylist()
    cast = site.votes()
    text_battles = site.rows(
        "SELECT b.id::text FROM battles_battle b JOIN arenas_arena a ON a.id = b.arena_id "
        "WHERE a.slug = 'text'"
    )
    assert len(rows) == sum(battle in cast for (battle,) in text_battles)
    assert {row["winner"] for row in rows} >= {"model_a", "model_b"}

    assert "are as published" in site.manage("release", "verify", release)
    released = json.loads(site.manage("release", "board", release, "--json"))
    live = json.loads(site.manage("board", "text", "--json", "--source", "live"))
    assert released["rows"] == live["rows"]
    assert len(live["rows"]) >= 2


def test_a_reward_model_is_learned_from_the_release_by_itself(ada, visit, site, release):
    wait_until(
        lambda: site.rows("SELECT 1 FROM rewards_rewardmodel"),
        "the reward model of the release",
        timeout_s=TRAIN_TIMEOUT_S,
    )
    page = ada.open("/reward-models/")
    check_accessibility(page)
    page.get_by_role("link", name=f"{release}-reward").click()
    expect(page.locator("h1")).to_have_text(f"{release}-reward")
    expect(page.get_by_role("link", name=release, exact=True)).to_be_visible()
    for heading in ("Beside plain rules", "Does it know when it is sure?", "Files", "Model card"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    agreement = page.locator(".facts .figure").first.inner_text()
    # Most votes were for the answer with an example, whose share is in many_votes.py.
    assert float(agreement.removesuffix(" %")) > 60
    check_accessibility(page)
    for path in (f"/releases/{release}/", f"/reward-models/{release}-reward/", "/"):
        phone = visit(PHONE, color_scheme="dark").open(path)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        check_accessibility(phone)
