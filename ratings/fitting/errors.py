"""The ways in which a fit refuses to answer; maths raises, it never returns garbage.

- `DidNotConverge`, a RuntimeError: the votes may be well, the search for the maximum was not.
- `Undetermined`, a ValueError: the votes are well formed and do not settle what was asked. It is
  `NoFiniteEstimate` and `NotIdentified` here, and what belongs to one module: `NoFiniteTies`
  (plackett_luce), `TooFewVoters` (clustering), `CannotCalibrate` (calibration) and
  `BootstrapFailed` (bootstrap).
- any other ValueError: an argument is not what the docstring asks for. Three have names:
  `BadRanking` (rankings), `BadPropensity` (propensity) and `KappaNotDefined` (agreement).
"""

from collections.abc import Iterable, Sequence

_NAMED = 10  # enough to find the cause, short enough for a log line


class DidNotConverge(RuntimeError):
    """An iterative fit ran out of iterations.

    Attributes:
        iterations: iterations done.
        residual: distance from the solution at the last iteration, in standard errors.
    """

    def __init__(self, iterations: int, residual: float) -> None:
        self.iterations = iterations
        self.residual = residual
        super().__init__(
            f"the fit did not converge: after {iterations} iterations it was still "
            f"{residual:.3g} standard errors from the solution; allow more iterations "
            "or use a larger prior"
        )


class Undetermined(ValueError):
    """The votes do not settle what was asked; more votes or other options may."""


class NoFiniteEstimate(Undetermined):
    """The maximum-likelihood scores are infinite for these votes.

    Attributes:
        models: indices of the models whose connected component has no finite estimate.
    """

    def __init__(self, models: Iterable[int]) -> None:
        self.models = tuple(int(model) for model in models)
        super().__init__(
            f"no finite scores exist for models {listed(self.models)}: "
            "some of them won (or lost) every vote against the rest; "
            "use prior_ties > 0 or collect more votes"
        )


class NotIdentified(Undetermined):
    """The votes do not determine one of the parameters beside the scores.

    Attributes:
        parameter: name of that parameter, such as "tie".
        models: indices of the models of the component concerned; empty for no votes at all.
    """

    def __init__(self, parameter: str, models: Iterable[int], reason: str, advice: str) -> None:
        self.parameter = parameter
        self.models = tuple(int(model) for model in models)
        where = f" for models {listed(self.models)}" if self.models else ""
        super().__init__(f"{parameter!r} has no finite estimate{where}: {reason}; {advice}")


def listed(numbers: Sequence[int]) -> str:
    """Name the first few numbers and say how many more there are."""
    named = ", ".join(str(number) for number in numbers[:_NAMED])
    more = len(numbers) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
