"""A vote that came sooner than anybody could have looked at the outputs."""

from __future__ import annotations

from dataclasses import dataclass

from arena.integrity.detectors.finding import Finding

METHOD, VERSION = "too_fast", 1
# Seconds, unless an arena says otherwise. People who name the category of a picture need about
# 0.45 s (Thorpe, Fize & Marlot 1996, Nature 381, doi:10.1038/381520a0), and here two or more
# outputs are compared: below half a second nobody has. Many people vote after one second.
LEAST_S = 0.5


@dataclass(frozen=True)
class Look:
    """Times of one battle by the server's clock, in seconds.

    Attributes:
        looked_s: from when every output was on the screen to the vote; of a text, which is read
            while it is written, from the first words of the later one. None: not known.
        least_s: what the arena takes for the least that a person needs; 0: anything goes.
    """

    looked_s: float | None
    least_s: float = LEAST_S


def find(look: Look) -> Finding | None:
    """Return a finding where less time went by than a person needs."""
    if look.looked_s is None or look.looked_s >= look.least_s:
        return None
    seconds = {"looked_s": round(look.looked_s, 3), "least_s": look.least_s}
    return Finding(METHOD, VERSION, "too_fast", seconds)
