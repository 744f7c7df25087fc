"""One family of errors for people; each has a code, an HTTP status and a sentence to act on."""

from __future__ import annotations

from collections.abc import Sequence


class AgonError(Exception):
    """An error whose message may be shown: what failed, what was seen, what to do."""

    status = 500
    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, errors: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.errors = list(errors)

    def as_dict(self) -> dict[str, object]:
        """Return the one JSON shape of every error."""
        return {
            "ok": False,
            "code": self.code,
            "message": self.message,
            "errors": self.errors,
        }


class BadInput(AgonError):
    status = 400
    code = "bad_input"


class NotAllowed(AgonError):
    status = 403
    code = "not_allowed"


class NotFound(AgonError):
    status = 404
    code = "not_found"


class Conflict(AgonError):
    status = 409
    code = "conflict"


class TooMany(AgonError):
    status = 429
    code = "too_many"


class Unavailable(AgonError):
    status = 503
    code = "unavailable"
