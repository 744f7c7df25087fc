"""The two ways in which a fit refuses to answer; maths raises, it never returns garbage."""

from collections.abc import Iterable

_MODELS_NAMED = 10  # enough to find the cause, short enough for a log line


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


class NoFiniteEstimate(ValueError):
    """The maximum-likelihood scores are infinite for these votes.

    Attributes:
        models: indices of the models whose connected component has no finite estimate.
    """

    def __init__(self, models: Iterable[int]) -> None:
        self.models = tuple(int(model) for model in models)
        named = ", ".join(str(model) for model in self.models[:_MODELS_NAMED])
        more = len(self.models) - _MODELS_NAMED
        super().__init__(
            f"no finite scores exist for models {named}{f' and {more} more' if more > 0 else ''}: "
            "some of them won (or lost) every vote against the rest; "
            "use prior_ties > 0 or collect more votes"
        )


class NotIdentified(ValueError):
    """The votes do not determine one of the parameters beside the scores.

    Attributes:
        parameter: name of that parameter, such as "tie".
        models: indices of the models of the component concerned; empty for no votes at all.
    """

    def __init__(self, parameter: str, models: Iterable[int], reason: str, advice: str) -> None:
        self.parameter = parameter
        self.models = tuple(int(model) for model in models)
        named = ", ".join(str(model) for model in self.models[:_MODELS_NAMED])
        more = len(self.models) - _MODELS_NAMED
        where = f" for models {named}{f' and {more} more' if more > 0 else ''}" if named else ""
        super().__init__(f"{parameter!r} has no finite estimate{where}: {reason}; {advice}")
