"""On what the ranks stand: convergence, connections, voters, votes that would flip them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from arena.common.words import gettext_noop
from ratings.boards.charts.figure import listed
from ratings.boards.choice import BoardChoice
from ratings.boards.exports import Export
from ratings.boards.methods import METHODS
from ratings.boards.numbers import decimal, percent
from ratings.boards.pages.board import about_method, about_slice
from ratings.boards.table import FEW_VOTES, METHOD_VERSION
from ratings.fitting.clustering import CAP
from ratings.fitting.prior import PRIOR_TIES


def footing_context(choice: BoardChoice) -> dict[str, Any]:
    """Return what `boards/footing.html` shows."""
    names = choice.names
    one_voter = {gap["above"]: gap for gap in choice.findings.get("one_voter", [])}
    ranks = [
        {
            "above": names[flip["above"]],
            "below": names[flip["below"]],
            "gap_text": f"{flip['gap_elo']:.0f}",
            "votes_to_flip": flip["votes_to_flip"],
            "share_text": "" if flip["share"] is None else percent(flip["share"], 2),
            "is_settled": flip.get("is_settled", False),
            "one_voter_text": _without_one_voter(one_voter.get(flip["above"])),
        }
        for flip in choice.findings.get("flips", [])
    ]
    board = choice.board
    groups = [
        [names[row.model] for row in board.rows if row.group == group]
        for group in sorted({row.group for row in board.rows})
    ]
    return {
        "board": board,
        "groups": groups,
        "provisional": [names[row.model] for row in board.rows if row.is_provisional],
        "ranks": ranks,
        "at_once": _at_once(choice, names),
        "voters": _voters(choice),
        "residual_text": f"{board.residual:.0e}",
        "widening": sorted(
            ((names[label], factor) for label, factor in board.widening.items()),
            key=lambda pair: (-pair[1], pair[0]),
        ),
        "ties_text": _ties_text(choice.findings.get("tie_models")),
        "cycles_text": _cycles_text(choice.findings.get("cycles")),
        "refused": [
            {"name": _(METHODS[key].name), "reason": _said(found)}
            for key, found in choice.findings.get("methods", {}).items()
            if "refused" in found and key in METHODS
        ],
        "analysis": choice.analysis,
    }


def _at_once(choice: BoardChoice, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return for each ranked model the ranks open to it alone, and those that hold at once."""
    found = choice.findings.get("ranks_at_once", {})
    return [
        {
            "name": names[row.model],
            "rank": row.rank,
            "alone": _span(row.rank_low, row.rank_high),
            "at_once": _span(*found[row.model]),
        }
        for row in choice.board.rows
        if row.model in found and not row.is_provisional
    ]


def _span(best: int, worst: int) -> str:
    return str(best) if best == worst else f"{best}–{worst}"


def _voters(choice: BoardChoice) -> dict[str, Any] | None:
    voters = choice.findings.get("voters")
    return voters and {**voters, "largest_share_text": percent(voters["largest_share"])}


TIE_MODELS = {
    "half_wins": gettext_noop("ties as half wins"),
    "davidson": gettext_noop("ties as an outcome (Davidson)"),
    "rao_kupper": gettext_noop("ties as a threshold (Rao and Kupper)"),
}


def _ties_text(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    if "refused" in found:
        return _("These votes cannot tell: %(reason)s.") % {"reason": _said(found)}
    best, others = found["best"], []
    for name, excess in found["excess"].items():
        if name != best:
            error = found["standard_error"][name]
            worse = _("%(model)s by %(excess)s ± %(error)s")
            others.append(
                worse
                % {
                    "model": _(TIE_MODELS[name]),
                    "excess": decimal(excess, 5),
                    "error": decimal(error, 5),
                }
            )
    sentence = _(
        "Votes held out are predicted best with %(best)s (log-loss %(loss)s a vote); "
        "worse are %(others)s. The main board takes ties as half wins, whatever predicts best."
    )
    return sentence % {
        "best": _(TIE_MODELS[best]),
        "loss": decimal(found["log_loss"][best], 4),
        "others": listed(others),
    }


def _cycles_text(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    if "refused" in found:
        return _("These votes cannot tell: %(reason)s.") % {"reason": _said(found)}
    gain = f"{decimal(found['improvement'], 5)} ± {decimal(found['standard_error'], 5)}"
    if found["is_cyclic"]:
        cyclic = _(
            "No. The preferences are cyclic: some models beat each other in a circle, and no order "
            "shows that. %(share)s of what separates the pairs is in circles; allowing for them "
            "predicts votes held out better by %(gain)s of log-loss a vote."
        )
        return cyclic % {"share": percent(found["cycle_index"]), "gain": gain}
    nothing = _(
        "Nothing speaks against it: allowing models to beat each other in a circle does not "
        "predict votes held out better than one order does (by %(gain)s of log-loss a vote)."
    )
    return nothing % {"gain": gain}


def _said(found: dict[str, Any]) -> str:
    reason: str = found["refused"]
    return _(reason)


def _without_one_voter(gap: dict[str, Any] | None) -> str:
    if gap is None:
        return ""
    if gap["change_elo"] is None:
        return _("not comparable")
    return f"{gap['gap_elo'] + gap['change_elo']:.0f}"


def footing_export(choice: BoardChoice) -> Export:
    """Return the findings; the table is what it takes to flip each rank."""
    board = choice.board
    data = {
        "arena": choice.arena.slug,
        "source": choice.source,
        "n_votes": board.n_votes,
        "n_groups": board.n_groups,
        "iterations": board.iterations,
        "residual": board.residual,
        "examined_at": choice.analysis.made_at.isoformat() if choice.analysis else None,
        "examined_votes": choice.analysis.n_votes if choice.analysis else 0,
        "findings": choice.findings,
    }
    header = ["above", "below", "gap_elo", "votes_to_flip", "share", "is_settled"]
    rows = [[flip.get(name) for name in header] for flip in choice.findings.get("flips", [])]
    return Export(f"{choice.arena.slug}-footing", data, header, rows)


def how_context(choice: BoardChoice) -> dict[str, Any]:
    """Return what `boards/how.html` shows: the recipe with this board's own numbers."""
    return {
        "board": choice.board,
        "analysis": choice.analysis,
        "voters": choice.findings.get("voters"),
        "prior_ties": PRIOR_TIES,
        "few_votes": FEW_VOTES,
        "cap": CAP,
        "method_version": METHOD_VERSION,
        "largest_widening": max(choice.board.widening.values(), default=1.0),
        "about": about_method(choice),
        "slice": about_slice(choice),
    }
