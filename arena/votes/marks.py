"""Where a mark lies in an output: checked, and written in one form for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from arena.common.errors import BadInput
from arena.generation.models import Output
from arena.votes.models import Mark

KIND_OF = {
    "text": Mark.Kind.SPAN,
    "image": Mark.Kind.REGION,
    "music": Mark.Kind.RANGE,
    "mesh": Mark.Kind.VIEW,
}
UNREADABLE = gettext_noop("A mark does not say where it is. Load the page again.")
FARTHEST = 1e6  # no share, second, degree or radius is larger
SHARE_DIGITS = 4  # a tenth of a pixel of a picture 1000 px wide
SECOND_DIGITS = 2
DEGREE_DIGITS = 2


def checked_place(kind: str, place: Mapping[str, Any], output: Output) -> dict[str, Any]:
    """Return the place as it is kept; the same place always comes out the same.

    span: {start, end, quote}. `start` and `end` count Unicode code points of the text that the
    model wrote, as it is kept in `Output.text`, Markdown and all: `text[start:end] == quote`. So a
    mark is found again without drawing the page, whatever later draws it.
    region: {x, y, width, height}, shares 0..1 of the picture from its top left corner.
    range: {from_s, to_s}, seconds from the start of the clip.
    view: {azimuth_deg, polar_deg, distance}: where the camera stands. Azimuth -180..180 around
    the upright axis, 0 in front and 90 to the right of it; polar 0 (above) .. 180 (below);
    distance in radii of the object.

    Raises BadInput for a place that this output does not have.
    """
    return _CHECKS[Mark.Kind(kind)](place, output)


def _span(place: Mapping[str, Any], output: Output) -> dict[str, Any]:
    _has_only(place, "start", "end", "quote")
    start, end, quote = place["start"], place["end"], place["quote"]
    text = output.text or ""
    if type(start) is not int or type(end) is not int:
        raise BadInput(_(UNREADABLE))
    if not 0 <= start < end <= len(text):
        raise BadInput(
            _(
                "A mark runs from character %(start)s to %(end)s, and the answer has %(n)s. Load "
                "the page again."
            )
            % {"start": start, "end": end, "n": len(text)}
        )
    if text[start:end] != quote:
        raise BadInput(_("The marked words are not those of the answer. Load the page again."))
    if not quote.strip():
        raise BadInput(_("A mark has no words in it. Mark at least one."))
    return {"start": start, "end": end, "quote": quote}


def _region(place: Mapping[str, Any], output: Output) -> dict[str, Any]:
    _has_only(place, "x", "y", "width", "height")
    x, y, width, height = (
        round(_number(place, name), SHARE_DIGITS) for name in ("x", "y", "width", "height")
    )
    slack = 10**-SHARE_DIGITS  # what rounding may add
    if min(x, y) < 0 or x + width > 1 + slack or y + height > 1 + slack:
        raise BadInput(_("A marked region leaves the picture. Draw it inside."))
    width, height = (
        round(min(size, 1 - start), SHARE_DIGITS) for size, start in ((width, x), (height, y))
    )
    if min(width, height) <= 0:
        raise BadInput(_("A marked region has no area. Draw it larger."))
    return {"x": x, "y": y, "width": width, "height": height}


def _range(place: Mapping[str, Any], output: Output) -> dict[str, Any]:
    _has_only(place, "from_s", "to_s")
    duration = float(output.details["duration_s"])
    start, end = (round(_number(place, name), SECOND_DIGITS) for name in ("from_s", "to_s"))
    if not 0 <= start < end <= round(duration, SECOND_DIGITS):
        raise BadInput(
            _("A mark runs from %(start)s to %(end)s seconds, and the clip from 0 to %(duration)s.")
            % {"start": f"{start:g}", "end": f"{end:g}", "duration": f"{duration:g}"}
        )
    return {"from_s": start, "to_s": end}


def _view(place: Mapping[str, Any], output: Output) -> dict[str, Any]:
    _has_only(place, "azimuth_deg", "polar_deg", "distance")
    # Rounded before it is wrapped: 180 and -180 are one angle.
    azimuth = (round(_number(place, "azimuth_deg"), DEGREE_DIGITS) + 180) % 360 - 180
    polar = round(_number(place, "polar_deg"), DEGREE_DIGITS)
    distance = round(_number(place, "distance"), DEGREE_DIGITS)
    if not 0 <= polar <= 180 or distance <= 0:
        raise BadInput(_(UNREADABLE))
    return {
        "azimuth_deg": round(azimuth, DEGREE_DIGITS),
        "polar_deg": polar,
        "distance": distance,
    }


_CHECKS: dict[Mark.Kind, Callable[[Mapping[str, Any], Output], dict[str, Any]]] = {
    Mark.Kind.SPAN: _span,
    Mark.Kind.REGION: _region,
    Mark.Kind.RANGE: _range,
    Mark.Kind.VIEW: _view,
}


def _has_only(place: Mapping[str, Any], *names: str) -> None:
    if set(place) != set(names):
        raise BadInput(_(UNREADABLE))


def _number(place: Mapping[str, Any], name: str) -> float:
    value = place[name]
    # A NaN is in no range.
    if type(value) not in (int, float) or not -FARTHEST <= value <= FARTHEST:
        raise BadInput(_(UNREADABLE))
    return float(value)
