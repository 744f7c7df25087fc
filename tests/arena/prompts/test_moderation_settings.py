"""What an operator may write in MODERATOR and MODERATION_*."""

from __future__ import annotations

import pytest

from arena.config import environment
from arena.config.environment import SettingRefused

URL = "https://moderation.example.org/v1"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for end in ("OR", "ION_URL", "ION_MODEL", "ION_KEY", "ION_TIMEOUT_S", "ION_IMAGES"):
        monkeypatch.delenv(f"MODERAT{end}", raising=False)


def test_without_any_setting_the_rules_judge() -> None:
    assert environment.moderation() == {
        "moderators": ("rules",),
        "url": "",
        "model": "",
        "key": "",
        "timeout_s": 3.0,
        "sees_images": False,
    }


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR", "rules, endpoint, my_site.judges.Strict")
    monkeypatch.setenv("MODERATION_URL", f"{URL}/")
    monkeypatch.setenv("MODERATION_MODEL", "omni-moderation-latest")
    monkeypatch.setenv("MODERATION_KEY", "sesame")
    monkeypatch.setenv("MODERATION_TIMEOUT_S", "1.5")
    monkeypatch.setenv("MODERATION_IMAGES", "True")
    assert environment.moderation() == {
        "moderators": ("rules", "endpoint", "my_site.judges.Strict"),
        "url": URL,
        "model": "omni-moderation-latest",
        "key": "sesame",
        "timeout_s": 1.5,
        "sees_images": True,
    }


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MODERATOR": "openai"}, "MODERATOR has 'openai'; use rules, endpoint or the dotted path"),
        ({"MODERATOR": "rules,rules"}, "names one moderator twice"),
        ({"MODERATOR": "endpoint"}, "MODERATION_URL is not set; write its address up to /v1"),
        ({"MODERATION_URL": URL}, "MODERATOR does not name the endpoint"),
        ({"MODERATOR": "endpoint", "MODERATION_URL": "ftp://host/v1"}, "write http:// or https://"),
        ({"MODERATOR": "endpoint", "MODERATION_URL": "moderation"}, "MODERATION_URL has no scheme"),
        ({"MODERATOR": "endpoint", "MODERATION_URL": "https://h:x/"}, "has a port that is no"),
        ({"MODERATION_TIMEOUT_S": "soon"}, "is 'soon'; use seconds above 0, up to 30"),
        ({"MODERATION_TIMEOUT_S": "0"}, "is '0'; use seconds above 0"),
        ({"MODERATION_TIMEOUT_S": "nan"}, "is 'nan'; use seconds above 0"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingRefused) as refused:
        environment.moderation()
    assert sentence in str(refused.value)
