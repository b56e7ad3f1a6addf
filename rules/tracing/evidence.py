"""What a source's own signals and what it holds add to the belief in it: weights that are ours, not a standard's."""

from collections.abc import Sequence

import numpy as np

from rules.tracing.case import Candidate, Match, Signal, SignalKind

#: Natural logarithm of how much likelier a source with such a signal is, where the time fits.
WEIGHTS = {
    SignalKind.DETECTOR_ROSE: 3.0,
    SignalKind.GAS_ALERT: 3.0,
    SignalKind.OUTLET_ROSE: 2.5,
    SignalKind.TREATMENT_FAILED: 2.5,
    SignalKind.ALERT: 1.2,
}
#: Of what it holds; declarations are not complete, so nothing is ruled out.
MATCHES = {Match.SAME: 0.3, Match.FAMILY: 0.0, Match.UNKNOWN: -0.7, Match.OTHER: -3.0}
#: All signals of one source together.
_MOST = 4.5
#: Signals older than this at the rise, or so much younger than it, do not count.
SIGNAL_BEFORE_MIN, SIGNAL_AFTER_MIN = 60.0, 5.0
#: How well the time between signal and rise must be the air's travel time: what began later than the air left cannot
#: have done it; earlier may be, for the wind may have had to turn. Minutes, and this share of the travel time.
_LATE_MIN, _EARLY_MIN, _FIT_SHARE = 3.0, 9.0, 0.3
#: A signal whose time does not fit keeps this share of its weight.
_KEEPS = 0.15


def in_time(signals: Sequence[Signal], onset_us: int) -> list[tuple[Signal, float]]:
    """Those that count, with minutes before the rise at which they began, earliest first."""
    timed = [(one, (onset_us - one.at_us) / 60e6) for one in signals]
    return sorted(
        ((one, ago) for one, ago in timed if ago >= -SIGNAL_AFTER_MIN and ago - _lasted_min(one) <= SIGNAL_BEFORE_MIN),
        key=lambda pair: (-pair[1], pair[0].kind, pair[0].subject),
    )


def _lasted_min(one: Signal) -> float:
    return 0.0 if one.until_us is None else max(0.0, (one.until_us - one.at_us) / 60e6)


def log_prior(candidate: Candidate, onset_us: int, travel_min: float | None) -> float:
    """Of its signals and what it holds; signals of one kind count once."""
    best: dict[SignalKind, float] = {}
    for signal, ago_min in in_time(candidate.signals, onset_us):
        weight = WEIGHTS[signal.kind] * _fits(ago_min, _lasted_min(signal), travel_min)
        best[signal.kind] = max(best.get(signal.kind, 0.0), weight)
    return MATCHES[candidate.match] + min(sum(best.values()), _MOST)


def _fits(ago_min: float, lasted_min: float, travel_min: float | None) -> float:
    if ago_min > SIGNAL_BEFORE_MIN:
        return _KEEPS
    if travel_min is None:
        return _KEEPS if ago_min < 0 else 1.0
    # What still went on when the air passed by fits as well as what began then.
    late, early = travel_min - ago_min, ago_min - lasted_min - travel_min
    off_min, within_min = (late, _LATE_MIN) if late > 0 else (max(early, 0.0), _EARLY_MIN)
    late = off_min / (within_min + _FIT_SHARE * travel_min)
    return float(_KEEPS + (1.0 - _KEEPS) * np.exp(-0.5 * late**2))
