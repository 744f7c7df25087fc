"""Keys and tokens that are known by their first letters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import re2  # type: ignore[import-untyped]

# Prefixes from the issuers' own documentation of their key formats. Generic rules such as
# `password = …` are left out: half of their finds in models' answers are examples.
_FORMATS: Final = (
    r"sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{20,}",  # Anthropic, OpenAI, OpenRouter
    r"sk-[A-Za-z0-9]{32,}",  # OpenAI before 2024, DeepSeek
    r"gh[pousr]_[A-Za-z0-9]{36,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # Amazon Web Services
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{28}",
    r"xox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"hf_[A-Za-z0-9]{34,}",  # Hugging Face
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"whsec_[A-Za-z0-9]{32,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",  # SendGrid
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgEI[A-Za-z0-9_-]{50,}",
    r"dop_v1_[a-f0-9]{64}",  # DigitalOcean
    r"gsk_[A-Za-z0-9]{40,}",  # Groq
    r"xai-[A-Za-z0-9]{40,}",
    r"r8_[A-Za-z0-9]{37,}",  # Replicate
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
    r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # JSON Web Token
)
_SECRET: Final = re2.compile(r"\b(?:" + "|".join(_FORMATS) + ")")
# A key block that is cut off in the text is taken to its last line of base64.
_PRIVATE_KEY: Final = re2.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
)


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield keys, tokens and private key blocks."""
    for pattern in (_SECRET, _PRIVATE_KEY):
        for match in pattern.finditer(text):
            yield match.span()
