"""What one server accepts of the protocol, learned from what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

REFUSED = (400, 422)  # the statuses with which servers refuse a field


@dataclass(frozen=True)
class Dialect:
    """The fields in which servers differ.

    `usage_field` asks for the token count at the end of the stream; some servers refuse it, and
    then the count is simply unknown. `limit_field` is the length limit: newer models of OpenAI
    refuse `max_tokens` and want `max_completion_tokens`, which many other servers do not know.
    """

    usage_field: str | None = "stream_options"
    limit_field: str = "max_tokens"

    def fields(self, max_tokens: int) -> dict[str, Any]:
        """Return these fields of a request."""
        fields: dict[str, Any] = {self.limit_field: max_tokens}
        if self.usage_field:
            fields[self.usage_field] = {"include_usage": True}
        return fields

    def after(self, status: int, words: str) -> Dialect | None:
        """Return what to try after this refusal; None when it is about something else."""
        if status not in REFUSED:
            return None
        if self.usage_field and self.usage_field in words:
            return replace(self, usage_field=None)
        wants_other = "max_completion_tokens" in words and "support" in words.lower()
        if self.limit_field == "max_tokens" and wants_other:
            return replace(self, limit_field="max_completion_tokens")
        return None
