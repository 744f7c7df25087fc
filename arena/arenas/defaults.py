"""The arenas that a new installation starts with."""

from __future__ import annotations

from dataclasses import dataclass

from arena.common.words import gettext_noop as _


@dataclass(frozen=True)
class DefaultArena:
    slug: str
    name: str
    modality: str
    tagline: str
    description: str
    prompt_hint: str
    max_prompt_chars: int
    suggested: tuple[str, ...]
    n_seats: int = 2
    gate_s: float = 0.0
    gate_views: int = 0
    is_open: bool = True
    max_turns: int = 1
    takes_images: str = "none"


DEFAULT_ARENAS = (
    DefaultArena(
        "text",
        _("Text"),
        "text",
        _("Two answers to one question"),
        _("Ask something. Two models answer at the same pace; you say which answer is better."),
        _("Ask a question about Python"),
        4000,
        (
            "How do I open a file safely and read it line by line?",
            "What is the difference between a list and a tuple?",
            "Explain what a decorator does.",
            "When should I use a with statement?",
            "How does exception handling with try, except and finally work?",
            "What are generators and what does yield do?",
        ),
        max_turns=5,
    ),
    DefaultArena(
        "image",
        _("Image"),
        "image",
        _("Two pictures from one description"),
        _("Describe a picture. Two models paint it; you say which one fits better."),
        _("Describe a picture: a subject, colours, a mood"),
        1000,
        (
            "A calm blue sea under a starry night",
            "Golden hills at sunset with distant mountains",
            "An angry red storm",
            "A misty green forest in the morning",
            "Winter mountains under a pale moon",
        ),
    ),
    DefaultArena(
        "music",
        _("Music"),
        "music",
        _("Two clips from one idea"),
        _("Name a mood, a tempo, an instrument. Two models play; you say which clip is better."),
        _("Describe a piece of music: mood, tempo, instruments"),
        1000,
        (
            "A slow, sad lullaby",
            "Happy and fast, like a spring morning",
            "Mysterious bells in a dark forest",
            "A calm evening by the sea",
            "A proud march at 120 bpm",
        ),
        gate_s=4.0,  # as Music Arena says in arXiv:2507.20900
    ),
    DefaultArena(
        "3d",
        _("3D"),
        "mesh",
        _("Two objects from one description"),
        _("Describe an object or a place. Two models build it; turn both and choose."),
        _("Describe an object or a place, with its material"),
        1000,
        (
            "A snowy mountain island",
            "A tall pine tree",
            "A golden vase",
            "A little stone castle",
            "A red flower in bloom",
        ),
        gate_views=3,
    ),
    DefaultArena(
        "image-ranking",
        _("Image ranking"),
        "image",
        _("Three pictures, ranked"),
        _("Describe a picture. Three models paint it; you put the pictures in order."),
        _("Describe a picture: a subject, colours, a mood"),
        1000,
        (
            "A lighthouse in a storm at night",
            "A field of flowers in the morning sun",
            "A dark lake below snowy mountains",
        ),
        n_seats=3,
        is_open=False,  # a ranking of three shares its models with the pairs: the operator decides
    ),
    DefaultArena(
        "image-to-3d",
        _("Image to 3D"),
        "mesh",
        _("Two objects from one picture"),
        _("Send a picture. Two models build an object from it; turn both and choose."),
        _("Say what to build from the picture"),
        1000,
        (
            "Make a small statue of what is on this picture.",
            "Build the house on this picture.",
            "Model the animal on this picture.",
        ),
        gate_views=3,
        is_open=False,  # pictures of people may come: the operator decides
        takes_images="required",
    ),
)
