"""The two JSON objects of the job API: what is asked for, and how far a job is."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from models_registry.adapters.contract import Request, RequestImage
from models_registry.adapters.http.errors import Code, said_code, words_of

Status = Literal["starting", "processing", "succeeded", "failed", "canceled", "aborted"]
OVER: frozenset[Status] = frozenset({"succeeded", "failed", "canceled", "aborted"})


class NotTheProtocol(ValueError):
    """What came is no job document; the message says what was seen."""


@dataclass(frozen=True)
class Job:
    """One job document, checked; `text` is the next piece of an answer, in a stream only."""

    status: Status
    progress: float | None = None  # within 0..1
    text: str = ""
    code: Code | None = None
    words: str = ""
    cost_usd: float = 0.0
    output_tokens: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the server is done with this job, in whichever way."""
        return self.status in OVER

    def why(self) -> tuple[Code, str]:
        """Return the code and the words for a job that is over without an output."""
        if self.status == "aborted":  # its deadline came first
            return self.code or "timeout", self.words or "the server had no time for the job"
        if self.status == "canceled":
            return self.code or "server_error", self.words or "the server cancelled the job"
        return self.code or "server_error", self.words or "the job failed without a reason"


def job_body(config: Mapping[str, Any], request: Request, job_id: str) -> dict[str, Any]:
    """Return what a server is sent for a request; images are in Base64."""
    body: dict[str, Any] = {
        "id": job_id,
        "modality": config["modality"],
        "prompt": request.prompt,
        "seed": request.seed,
        "parameters": dict(request.parameters),
        "images": _images(request.images),
        "history": [
            {"prompt": turn.prompt, "images": _images(turn.images), "answer": turn.answer}
            for turn in request.history
        ],
        "deadline_s": config["deadline_s"],
    }
    return {**body, "model": config["model"]} if "model" in config else body


def _images(images: Sequence[RequestImage]) -> list[dict[str, str]]:
    return [
        {"media_type": image.media_type, "data": base64.b64encode(image.data).decode()}
        for image in images
    ]


def parsed_job(data: bytes, *, job_id: str) -> Job:
    """Return the job document in `data`; NotTheProtocol where there is none, or another job's."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotTheProtocol(f"no JSON ({_start(data)!r})") from error
    if not isinstance(document, dict):
        raise NotTheProtocol(f"no JSON object ({_start(data)!r})")
    status = document.get("status")
    if status not in get_args(Status):
        raise NotTheProtocol(f"the status {str(status)[:40]!r}")
    if document.get("id", job_id) != job_id:
        raise NotTheProtocol(f"the job {str(document['id'])[:40]!r} in place of {job_id!r}")
    text = document.get("text", "")
    if not isinstance(text, str):
        raise NotTheProtocol("a 'text' that is no text")
    usage = document.get("usage")
    spent: dict[str, Any] = usage if isinstance(usage, dict) else {}
    cost, tokens = _finite(spent.get("cost_usd")), _finite(spent.get("output_tokens"))
    progress = _finite(document.get("progress"))
    return Job(
        status=cast("Status", status),
        progress=None if progress is None else min(max(progress, 0.0), 1.0),
        text=text.encode("utf-8", "replace").decode(),  # JSON can hold half a character
        code=said_code(document),
        words=words_of(document),
        cost_usd=max(cost or 0.0, 0.0),
        output_tokens=None if tokens is None or tokens < 0 else int(tokens),
    )


def _finite(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _start(data: bytes) -> str:
    return data[:60].decode("utf-8", "replace")
