"""What a voter is warned of before a prompt is sent. Plain Python.

Only what rules find with few false alarms. Names, postal addresses and stories from which a person
can be known are not found, and the page does not say that a prompt without a find is safe.
"""

from __future__ import annotations

from dataclasses import dataclass

from arena.common.hashing import sha256_hex
from arena.common.personal_data import Kind, national_numbers, plain, spans_of
from arena.common.words import gettext_noop

NATIONAL = gettext_noop("an identity number")
LABELS: dict[Kind, str] = {
    "SECRET": gettext_noop("a password or an access key"),
    "URL_USER": gettext_noop("a user name or password in an address"),
    "EMAIL": gettext_noop("an e-mail address"),
    "IBAN": gettext_noop("a bank account number"),
    "CARD": gettext_noop("a payment card number"),
    "SSN": NATIONAL,
    "MAC": gettext_noop("the address of a device"),
    "IP": gettext_noop("an internet address"),
    "PATH_USER": gettext_noop("the name of a user in a file path"),
    "PHONE": gettext_noop("a phone number"),
}


@dataclass(frozen=True, order=True)
class Find:
    """Characters `start` up to `end` of a prompt, and what they look like, in words."""

    start: int
    end: int
    label: str
    text: str


def personal_data_in(prompt: str) -> list[Find]:
    """Return what looks like personal data, in order; finds do not overlap."""
    read = plain(prompt)
    spans: list[tuple[int, int, str]] = []
    for start, end in sorted(set(national_numbers(read)), key=lambda span: (span[0], -span[1])):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end, NATIONAL))
    others = [
        (span.start, span.end, LABELS[span.kind])
        for span in spans_of(prompt)
        if all(span.end <= start or end <= span.start for start, end, _ in spans)
    ]
    found = sorted([*spans, *others])
    return [Find(start, end, label, prompt[start:end]) for start, end, label in found]


def confirmation_of(prompt: str) -> str:
    """Return what the form sends back to say: exactly this text may be published."""
    return sha256_hex(prompt.encode("utf-8", errors="surrogatepass"))
