"""Period detection: the same as the product's (src/forecast/periods.ts), so that training sees what serving sees."""

import numpy as np
from scipy import fft

from . import fast

MOST_PEAKS = 6
LEAST_CORRELATION = 0.1
JUDGED_STEPS = 3000
LEAST_GAIN = 0.95
SECOND_GAIN = LEAST_GAIN * 1.05
JOINT_GAIN = 0.995
CALENDAR_BONUS = 0.99
SAME_PERIOD = 0.02

TRIM = 0.005
TRIM_SAMPLES = 3000
LEAST_PAIRS = 10


def autocorrelation(values: np.ndarray, max_lag: int) -> np.ndarray:
    """Autocorrelation at lags 0 … max_lag, NaN missing, the ends of the distribution pulled in. (n,) → (max_lag + 1,)"""
    result = np.zeros(max_lag + 1)
    stride = -(-len(values) // TRIM_SAMPLES)
    thinned = values[::stride]
    ordered = np.sort(thinned[~np.isnan(thinned)])
    if len(ordered) < LEAST_PAIRS:
        return result
    cut = int(TRIM * len(ordered))
    low, high = ordered[cut], ordered[-1 - cut]
    if low == high:
        return result
    known = ~np.isnan(values)
    clipped = np.clip(values, low, high)
    centred = np.where(known, clipped - clipped[known].mean(), 0.0) / (high - low)
    size = fft.next_fast_len(len(values) + max_lag + 1, real=True)
    spectrum = fft.rfft(centred, size)
    products = fft.irfft(np.abs(spectrum) ** 2, size)[: max_lag + 1]
    if known.all():
        pairs = len(values) - np.arange(max_lag + 1.0)
    else:
        pairs = fft.irfft(np.abs(fft.rfft(known.astype(float), size)) ** 2, size)[: max_lag + 1]
    enough = pairs >= LEAST_PAIRS - 1e-6
    result[enough] = products[enough] / pairs[enough] / (products[0] / pairs[0])
    return result


def find_periods(values: np.ndarray, calendar: list[int]) -> list[int]:
    """At most two periods of a column, in steps, best first. `calendar`: hour, day and week in steps where whole."""
    n = len(values)
    judged = values[n - min(JUDGED_STEPS, n // 2) :]
    level_error = error_of_level(judged)
    if not level_error > 0:
        return []
    candidates = []
    for period in dict.fromkeys([*_peaks(values), *calendar]):
        if period < 2 or period * 2 > n:
            continue
        template = np.empty(len(judged))
        fast.fill_template(values, period, n - len(judged), template, np.empty(len(judged)))
        bonus = CALENDAR_BONUS if period in calendar else 1.0
        error = fast.mean_error(judged, template, period) / level_error * bonus
        if error < SECOND_GAIN:
            candidates.append((error, period, template))
    candidates.sort(key=lambda candidate: candidate[:2])
    if not candidates or candidates[0][0] >= LEAST_GAIN:
        return []
    second = _second_period(judged, level_error, candidates)
    return [candidates[0][1]] if second is None else [candidates[0][1], second]


def _peaks(values: np.ndarray) -> list[int]:
    max_lag = len(values) // 2 - 1
    if max_lag < 3:
        return []
    correlation = autocorrelation(values, max_lag)
    lags = fast.peaks(correlation, LEAST_CORRELATION)
    order = np.lexsort((lags, -correlation[lags]))
    return [int(lag) for lag in lags[order][:MOST_PEAKS]]


def _second_period(judged, level_error, candidates):
    error, best, best_template = candidates[0]
    least, found = error * JOINT_GAIN, None
    for _, period, template in candidates[1:]:
        if abs(period - best) <= max(1, SAME_PERIOD * best):
            continue
        joint = fast.mean_error(judged, (template + best_template) / 2, period) / level_error
        if joint < least:
            least, found = joint, period
    return found


def error_of_level(values: np.ndarray) -> float:
    """Mean absolute deviation from the (upper) median; 0 for a column without values."""
    ordered = np.sort(values[~np.isnan(values)])
    if len(ordered) == 0:
        return 0.0
    return float(np.abs(ordered - ordered[len(ordered) // 2]).mean())
