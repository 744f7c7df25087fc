"""What a new arena of each modality asks besides the vote. Operators change it as they like."""

from __future__ import annotations

from dataclasses import dataclass


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
        Question("correct", "Correct", "Which one is more correct?"),
        Question("helpful", "Helpful", "Which one helps more?"),
        Question("clear", "Clear", "Which one is clearer?"),
        Question("style", "Style", "Which one is better written?"),
    ),
    "image": (
        Question("prompt-following", "Prompt", "Which one follows the prompt more closely?"),
        Question("aesthetics", "Beauty", "Which one looks better?"),
        Question("fidelity", "Fidelity", "Which one has fewer faults in its details?"),
        Question("harm", "Harm", "Which one is less harmful?"),
    ),
    "music": (
        Question("prompt-adherence", "Prompt", "Which one follows the prompt more closely?"),
        Question("audio-quality", "Sound", "Which one sounds cleaner?"),
        Question("musicality", "Musicality", "Which one is better music?"),
    ),
    "mesh": (
        Question("geometry-plausibility", "Shape", "Which shape is more plausible?"),
        Question("geometry-detail", "Detail", "Which shape has better detail?"),
        Question("texture-quality", "Texture", "Which texture is better?"),
        Question("geometry-texture-coherence", "Fit", "Where does the texture fit better?"),
        Question("prompt-alignment", "Prompt", "Which one follows the prompt more closely?"),
    ),
}

READY_REASONS: dict[str, ReadyReasons] = {
    "text": ReadyReasons(
        good=(
            ("correct", "Correct"),
            ("complete", "Complete"),
            ("well-explained", "Well explained"),
            ("good-example", "Good example"),
            ("right-length", "Right length"),
        ),
        bad=(
            ("wrong", "Wrong"),
            ("off-topic", "Beside the question"),
            ("incomplete", "Incomplete"),
            ("hard-to-follow", "Hard to follow"),
            ("too-long", "Too long"),
            ("made-up", "Made up"),
        ),
    ),
    "image": ReadyReasons(
        good=(
            ("follows-prompt", "Follows the prompt"),
            ("composition", "Good composition"),
            ("colours", "Good colours"),
            ("detail", "Fine detail"),
        ),
        bad=(
            ("ignores-prompt", "Ignores the prompt"),
            ("artefacts", "Artefacts"),
            ("anatomy", "Wrong anatomy"),
            ("garbled-text", "Garbled text"),
            ("flat", "Dull"),
        ),
    ),
    "music": ReadyReasons(
        good=(
            ("follows-prompt", "Follows the prompt"),
            ("melody", "Good melody"),
            ("rhythm", "Good rhythm"),
            ("clean-sound", "Clean sound"),
        ),
        bad=(
            ("ignores-prompt", "Ignores the prompt"),
            ("noise", "Noise or clicks"),
            ("repetitive", "Repetitive"),
            ("off-key", "Off key"),
            ("abrupt-end", "Ends abruptly"),
        ),
    ),
    "mesh": ReadyReasons(
        good=(
            ("follows-prompt", "Follows the prompt"),
            ("clean-shape", "Clean shape"),
            ("rich-detail", "Rich detail"),
            ("good-texture", "Good texture"),
        ),
        bad=(
            ("ignores-prompt", "Ignores the prompt"),
            ("broken-shape", "Broken shape"),
            ("floating-parts", "Floating parts"),
            ("flat-texture", "Flat texture"),
            ("only-one-side", "Good from one side only"),
        ),
    ),
}
