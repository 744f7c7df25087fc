"""What every fit returns."""

from dataclasses import dataclass

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Fit:
    """Fitted strengths and the parameters beside them; a fit that did not converge is not returned.

    Scores compare only inside a component; no value is ever nan.

    Attributes:
        scores: (n_models,) natural-log strengths, sum zero within each component; 0 for a model
            without votes.
        parameters: value of each other estimate by name, such as "tie" or "side", in the order of
            the last rows of `joint_covariance`; empty for a plain Bradley-Terry fit.
        joint_covariance: (n_models + n_parameters,) squared, the robust (sandwich) covariance of
            scores and parameters. Unless the fit says otherwise votes are independent in it; the
            prior shrinks but adds no noise. Zero between components.
        joint_fisher_covariance: the same shape, inverse information; wrong where the model is.
        component: (n_models,) number of the connected component, by lowest model.
        n_votes: (n_models,) votes that entered the fit for each model.
        insufficient: (n_models,) True where the votes alone give no finite score: a model without
            votes, or one outside the largest group of its component that is linked both ways by
            wins (Ford 1957). Its score rests on the prior: do not show its interval.
        log_likelihood: of the votes at the estimates, without the prior.
        iterations: Newton steps done.
        residual: Newton decrement before the last step: no estimate was further from the maximum
            than about this many of its Fisher standard errors.
        n_clusters: clusters (voters, lists) that the covariance groups votes by; None where each
            vote is on its own.
    """

    scores: FloatArray
    parameters: dict[str, float]
    joint_covariance: FloatArray
    joint_fisher_covariance: FloatArray
    component: IntArray
    n_votes: FloatArray
    insufficient: BoolArray
    log_likelihood: float
    iterations: int
    residual: float
    n_clusters: int | None = None

    @property
    def n_models(self) -> int:
        """Number of models."""
        return int(self.scores.size)

    @property
    def covariance(self) -> FloatArray:
        """Robust covariance of the scores, (n_models, n_models)."""
        return self.joint_covariance[: self.n_models, : self.n_models]

    @property
    def fisher_covariance(self) -> FloatArray:
        """Inverse information of the scores, (n_models, n_models); too wide where votes tie."""
        return self.joint_fisher_covariance[: self.n_models, : self.n_models]

    @property
    def standard_errors(self) -> FloatArray:
        """Robust standard errors of the scores, (n_models,), natural log."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def parameter_errors(self) -> dict[str, float]:
        """Robust standard error of each parameter by name."""
        variances = np.diagonal(self.joint_covariance)[self.n_models :]
        return dict(zip(self.parameters, np.sqrt(variances).tolist(), strict=True))
