"""The moderator behind an HTTP address: any server that speaks the OpenAI moderations protocol.

Such as a self-hosted classifier, LiteLLM or a provider: `POST {base}/moderations` with `input` and
`model`, answered by `results[0].flagged` and `results[0].categories`.
"""

from __future__ import annotations

import base64
import logging
import threading
from typing import TYPE_CHECKING, Any

from arena.prompts.moderation.contract import FINE, Moderator, Outcome, Verdict

if TYPE_CHECKING:
    from openai import OpenAI

log = logging.getLogger("agon.moderation")

MAX_CATEGORIES = 16  # of one decision
CATEGORY_CHARS = 40


class EndpointModerator(Moderator):
    """Asks a server; what it cannot say in time is `unavailable`, never `fine`."""

    name = "endpoint"

    def __init__(
        self,
        *,
        url: str,
        model: str = "",
        key: str = "",
        timeout_s: float = 3.0,
        sees_images: bool = False,
    ) -> None:
        """Take the address of the server up to /v1, and what to ask it.

        Args:
            url: `https://moderation.example.org/v1`; `/moderations` is added.
            model: what the server calls it; "" lets it choose.
            key: sent as a bearer token; "" for none.
            timeout_s: of one question, seconds. A voter waits as long.
            sees_images: whether it is to judge pictures, too: those of prompts and outputs. Many
                servers of the protocol read words alone.
        """
        if sees_images:
            self.modalities = frozenset({"text", "image"})
        self.url, self.model, self.key, self.timeout_s = url, model, key, timeout_s
        self.version = (model or "default")[:80]
        self._client: OpenAI | None = None
        self._making = threading.Lock()

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        """Ask once, without a second try: the battle goes on, and releases wait."""
        return self._asked(text)

    def judge_file(self, data: bytes, *, modality: str, media_type: str) -> Verdict:
        """Ask about an image, likewise; `unavailable` for other files."""
        if modality != "image" or "image" not in self.modalities:
            return super().judge_file(data, modality=modality, media_type=media_type)
        encoded = base64.b64encode(data).decode("ascii")
        url = f"data:{media_type};base64,{encoded}"
        return self._asked([{"type": "image_url", "image_url": {"url": url}}])

    def _asked(self, what: Any) -> Verdict:
        import openai

        try:
            answer = self._made().moderations.create(
                input=what, model=self.model or openai.omit, timeout=self.timeout_s
            )
            return _verdict_of(answer)
        except openai.APITimeoutError:
            return self._unavailable(f"no answer within {self.timeout_s:g} s")
        except openai.APIStatusError as error:
            return self._unavailable(f"it answered with status {error.status_code}")
        except openai.OpenAIError as error:
            return self._unavailable(f"no answer ({type(error).__name__})")
        except (ValueError, TypeError, LookupError, AttributeError):
            return self._unavailable("its answer is not that of the moderations protocol")

    def _made(self) -> OpenAI:
        with self._making:
            if self._client is None:
                import openai

                self._client = openai.OpenAI(
                    base_url=self.url,
                    api_key=self.key or "none",  # else it would look for OPENAI_API_KEY
                    max_retries=0,
                    timeout=self.timeout_s,
                    http_client=openai.DefaultHttpxClient(
                        trust_env=False, follow_redirects=False, timeout=self.timeout_s
                    ),
                )
            return self._client

    def _unavailable(self, reason: str) -> Verdict:
        log.warning("the moderation server %s: %s", self.url, reason)
        return Verdict(Outcome.UNAVAILABLE, reason=reason)


def _verdict_of(answer: object) -> Verdict:
    result = answer.results[0]  # type: ignore[attr-defined]
    if result.flagged is False:
        return FINE
    if result.flagged is not True:
        raise ValueError("flagged is neither true nor false")
    named = result.categories.model_dump(by_alias=True, warnings=False)
    found = [name[:CATEGORY_CHARS] for name, is_met in named.items() if is_met is True]
    return Verdict(Outcome.FLAGGED, tuple(found[:MAX_CATEGORIES]) or ("other",))
