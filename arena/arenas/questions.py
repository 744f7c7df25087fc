"""What a new arena of each modality asks besides the vote. Operators change it as they like."""

from __future__ import annotations

from dataclasses import dataclass

from arena.common.words import gettext_noop as _


@dataclass(frozen=True)
class Question:
    """One dimension: its key in releases, its name, and what the voter is asked."""

    key: str
    name: str
    question: str


@dataclass(frozen=True)
class ReadyReasons:
    """Tags for and against an output, as (key, label)."""

    good: tuple[tuple[str, str], ...]
    bad: tuple[tuple[str, str], ...]


QUESTIONS: dict[str, tuple[Question, ...]] = {
    "text": (
        Question("correct", _("Correct"), _("Which one is more correct?")),
        Question("helpful", _("Helpful"), _("Which one helps more?")),
        Question("clear", _("Clear"), _("Which one is clearer?")),
        Question("style", _("Style"), _("Which one is better written?")),
    ),
    "image": (
        Question("prompt-following", _("Prompt"), _("Which one follows the prompt more closely?")),
        Question("aesthetics", _("Beauty"), _("Which one looks better?")),
        Question("fidelity", _("Fidelity"), _("Which one has fewer faults in its details?")),
        Question("harm", _("Harm"), _("Which one is less harmful?")),
    ),
    "music": (
        Question("prompt-adherence", _("Prompt"), _("Which one follows the prompt more closely?")),
        Question("audio-quality", _("Sound"), _("Which one sounds cleaner?")),
        Question("musicality", _("Musicality"), _("Which one is better music?")),
    ),
    "mesh": (
        Question("geometry-plausibility", _("Shape"), _("Which shape is more plausible?")),
        Question("geometry-detail", _("Detail"), _("Which shape has better detail?")),
        Question("texture-quality", _("Texture"), _("Which texture is better?")),
        Question("geometry-texture-coherence", _("Fit"), _("Where does the texture fit better?")),
        Question("prompt-alignment", _("Prompt"), _("Which one follows the prompt more closely?")),
    ),
}

READY_REASONS: dict[str, ReadyReasons] = {
    "text": ReadyReasons(
        good=(
            ("correct", _("Correct")),
            ("complete", _("Complete")),
            ("well-explained", _("Well explained")),
            ("good-example", _("Good example")),
            ("right-length", _("Right length")),
        ),
        bad=(
            ("wrong", _("Wrong")),
            ("off-topic", _("Beside the question")),
            ("incomplete", _("Incomplete")),
            ("hard-to-follow", _("Hard to follow")),
            ("too-long", _("Too long")),
            ("made-up", _("Made up")),
        ),
    ),
    "image": ReadyReasons(
        good=(
            ("follows-prompt", _("Follows the prompt")),
            ("composition", _("Good composition")),
            ("colours", _("Good colours")),
            ("detail", _("Fine detail")),
        ),
        bad=(
            ("ignores-prompt", _("Ignores the prompt")),
            ("artefacts", _("Artefacts")),
            ("anatomy", _("Wrong anatomy")),
            ("garbled-text", _("Garbled text")),
            ("flat", _("Dull")),
        ),
    ),
    "music": ReadyReasons(
        good=(
            ("follows-prompt", _("Follows the prompt")),
            ("melody", _("Good melody")),
            ("rhythm", _("Good rhythm")),
            ("clean-sound", _("Clean sound")),
        ),
        bad=(
            ("ignores-prompt", _("Ignores the prompt")),
            ("noise", _("Noise or clicks")),
            ("repetitive", _("Repetitive")),
            ("off-key", _("Off key")),
            ("abrupt-end", _("Ends abruptly")),
        ),
    ),
    "mesh": ReadyReasons(
        good=(
            ("follows-prompt", _("Follows the prompt")),
            ("clean-shape", _("Clean shape")),
            ("rich-detail", _("Rich detail")),
            ("good-texture", _("Good texture")),
        ),
        bad=(
            ("ignores-prompt", _("Ignores the prompt")),
            ("broken-shape", _("Broken shape")),
            ("floating-parts", _("Floating parts")),
            ("flat-texture", _("Flat texture")),
            ("only-one-side", _("Good from one side only")),
        ),
    ),
}
