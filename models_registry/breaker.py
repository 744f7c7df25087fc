"""When a model that fails is benched, and for how long: a circuit breaker. Plain Python.

A benched model is not drawn. When its time is over it is drawn again, and the next failure benches
it for twice as long, the first answer for good sets it free (M. Nygard, Release It!, 2nd ed., 2018,
section "Circuit Breaker").
"""

from __future__ import annotations

# Failures that nothing but somebody's hand or a pause can mend: seconds on the bench at once.
AT_ONCE_S: dict[str, float] = {
    "auth": 600.0,
    "credit": 600.0,
    "load_failed": 600.0,
    "not_installed": 600.0,
    "out_of_memory": 300.0,
    "rate_limit": 30.0,
}
# These are about the prompt or about us, not about whether the model can answer.
NOT_ITS_FAULT = frozenset(
    {"cancelled", "content_filter", "image_removed", "out_of_time", "refused", "too_long"}
)
AFTER_FAILURES = 3  # of any other kind in a row
FIRST_S = 60.0
LONGEST_S = 3600.0


def bench_s(code: str, failures_in_a_row: int) -> float:
    """Return the seconds on the bench after a failure with this code; 0.0 for none.

    Args:
        code: of `GenerationError`.
        failures_in_a_row: with this one, since the last answer; at least 1.
    """
    if failures_in_a_row < 1:
        raise ValueError(f"failures_in_a_row is {failures_in_a_row}; the first failure is 1")
    if code in NOT_ITS_FAULT:
        return 0.0
    if code in AT_ONCE_S:
        return min(LONGEST_S, AT_ONCE_S[code] * 2.0 ** min(failures_in_a_row - 1, 30))
    if failures_in_a_row < AFTER_FAILURES:
        return 0.0
    return min(LONGEST_S, FIRST_S * 2.0 ** min(failures_in_a_row - AFTER_FAILURES, 30))
