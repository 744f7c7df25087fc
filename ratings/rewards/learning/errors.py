"""The ways in which learning refuses to answer."""


class TooLittleData(ValueError):
    """There are too few pairs to learn or to measure anything that would hold.

    Attributes:
        reason: what there is too little of.
        n_pairs: how many were seen.
        needed: how many are needed.
    """

    def __init__(self, reason: str, n_pairs: int, needed: int) -> None:
        self.reason = reason
        self.n_pairs = n_pairs
        self.needed = needed
        super().__init__(
            f"too little data, {reason}: {n_pairs} seen, {needed} needed; "
            "collect more votes or learn from a release that covers more arenas"
        )


class DidNotFit(RuntimeError):
    """The optimiser left the finite numbers; nothing from such a fit may be published."""


class BadArtifact(ValueError):
    """A reward model directory is incomplete, altered, or written by other code."""
