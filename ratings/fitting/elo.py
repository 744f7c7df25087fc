"""The Elo scale: log-strengths in the unit that people know from chess."""

import math

from ratings.fitting.arrays import FloatArray
from ratings.fitting.intervals import half_width

# Elo points per unit of natural-log strength: 400 points are odds of 10 to 1
# (Elo 1978, The Rating of Chessplayers, Past and Present).
ELO_PER_LOG_STRENGTH = 400 / math.log(10)
# Elo points of the mean model of a component: a round number in the usual range.
ELO_ANCHOR = 1000.0


def to_elo(scores: FloatArray, anchor: float = ELO_ANCHOR) -> FloatArray:
    """Convert natural-log strengths to Elo points, (n_models,); strength 0 becomes `anchor`."""
    elo: FloatArray = anchor + ELO_PER_LOG_STRENGTH * scores
    return elo


def elo_half_width(covariance: FloatArray, level: float = 0.95) -> FloatArray:
    """Return half the width of each rating's normal interval in Elo points, (n_models,)."""
    half: FloatArray = ELO_PER_LOG_STRENGTH * half_width(covariance, level)
    return half
