"""Moderation: may a text be asked, or shown? Plain Python, without the database.

`contract.py` says what a moderator is, `table.py` which ones there are.
"""

from __future__ import annotations

from arena.prompts.moderation.contract import Moderator, Outcome, Verdict, strictest

__all__ = ["Moderator", "Outcome", "Verdict", "strictest"]
