"""What a moderator is: something that reads a text and says fine, flagged or unavailable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Outcome(StrEnum):
    """What came of judging. `unavailable` is not `fine`: nobody has judged."""

    FINE = "fine"
    FLAGGED = "flagged"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Verdict:
    """One judgement.

    Attributes:
        outcome: fine, flagged or unavailable.
        categories: what was found, such as "hate"; empty unless flagged.
        reason: for operators: which rule it was, or why nobody could judge. Never a quotation of
            the text that was judged.
    """

    outcome: Outcome
    categories: tuple[str, ...] = ()
    reason: str = ""


FINE = Verdict(Outcome.FINE)


class Moderator(ABC):
    """Judges texts; made once in each process and asked by many threads.

    Attributes:
        name: its name in each decision, such as "rules"; at most 80 characters.
        version: of what decides (the lists, the model), at most 80 characters: two decisions of one
            version about one text can be compared.
        modalities: what kinds of outputs it can judge. Outputs of others are not judged at all.
            With "image", the pictures of prompts are judged as well.
        reads_language: whether `judge` is to be told the language of the text.
        is_quick: whether it judges a page of text in milliseconds on this machine, so that an
            answer can be judged while it is being written.
    """

    name: str
    version: str
    modalities: frozenset[str] = frozenset({"text"})
    reads_language: ClassVar[bool] = False
    is_quick: ClassVar[bool] = False

    @abstractmethod
    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        """Judge a text. Never raises for a text or a lost connection: that is `unavailable`.

        Args:
            text: a prompt or an output, as its readers see it.
            language: a key of `arena.prompts.languages.LANGUAGES`; None where it is unknown or
                the moderator does not read languages.
        """

    def judge_file(self, data: bytes, *, modality: str, media_type: str) -> Verdict:
        """Judge an image, a clip or a mesh, as it is shown; asked only for its `modalities`."""
        return Verdict(Outcome.UNAVAILABLE, reason=f"{self.name} cannot judge {modality}")


class Together(Moderator):
    """Several moderators: flagged by one is flagged, and fine is what all of them find fine."""

    def __init__(self, moderators: list[Moderator]) -> None:
        self.moderators = moderators
        self.name = "+".join(one.name for one in moderators)[:80]
        self.version = "+".join(one.version for one in moderators)[:80]
        self.modalities = frozenset().union(*(one.modalities for one in moderators))
        self.reads_language = any(one.reads_language for one in moderators)  # type: ignore[misc]
        self.is_quick = all(one.is_quick for one in moderators)  # type: ignore[misc]

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        """Ask them in turn, until one flags the text."""
        verdicts = []
        for one in self.moderators:
            verdicts.append(one.judge(text, language=language if one.reads_language else None))
            if verdicts[-1].outcome == Outcome.FLAGGED:
                break
        return strictest(verdicts)

    def judge_file(self, data: bytes, *, modality: str, media_type: str) -> Verdict:
        """Ask those that can judge this modality."""
        return strictest(
            [
                one.judge_file(data, modality=modality, media_type=media_type)
                for one in self.moderators
                if modality in one.modalities
            ]
        )


def strictest(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what follows from several verdicts: flagged before unavailable before fine."""
    order = (Outcome.FLAGGED, Outcome.UNAVAILABLE, Outcome.FINE)
    return min(verdicts, key=lambda verdict: order.index(verdict.outcome))
