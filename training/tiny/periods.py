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
FAR_STEPS = 64

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
    """At most two periods of a column, in steps: the one that says most far ahead, and the one that says most of the next step.

    `calendar`: hour, day and week in steps where whole.
    """
    n = len(values)
    judged = values[n - min(JUDGED_STEPS, n // 2) :]
    level_error = error_of_level(judged)
    if not level_error > 0:
        return []
    far_level_error = min(level_error, fast.levelled_error(judged, np.zeros(len(judged)), FAR_STEPS, 1))
    far, near = [], []
    for period in dict.fromkeys([*_peaks(values), *calendar]):
        if period < 2 or period * 2 > n:
            continue
        bonus = CALENDAR_BONUS if period in calendar else 1.0
        template = _template(values, period, len(judged), 1)
        error = fast.mean_error(judged, template, period) / level_error * bonus
        if error < SECOND_GAIN:
            near.append((error, period, template))
        ahead = template if period >= FAR_STEPS else _template(values, period, len(judged), FAR_STEPS)
        error = min(fast.mean_error(judged, ahead, period), fast.levelled_error(judged, ahead, FAR_STEPS, period))
        error = error / far_level_error * bonus
        if error < LEAST_GAIN:
            far.append((error, period))
    near.sort(key=lambda candidate: candidate[:2])
    found = [min(far)[1]] if far else []
    if near and near[0][0] < LEAST_GAIN:
        found += [near[0][1]] if _differs(near[0][1], found) else []
        if len(found) == 1:
            found += _second_period(judged, level_error, near, found)
    return found


def _template(values, period, steps, lead):
    """The template of the newest `steps` positions from what is known `lead` steps before each."""
    template = np.empty(steps)
    fast.fill_template(values, period, len(values) - steps, template, np.empty(steps), lead)
    return template


def _peaks(values: np.ndarray) -> list[int]:
    max_lag = len(values) // 2 - 1
    if max_lag < 3:
        return []
    correlation = autocorrelation(values, max_lag)
    lags = fast.peaks(correlation, LEAST_CORRELATION)
    order = np.lexsort((lags, -correlation[lags]))
    return [int(lag) for lag in lags[order][:MOST_PEAKS]]


def _second_period(judged, level_error, near, found):
    """The period whose template makes the mean with that of the best one better, where one does."""
    error, _, best_template = near[0]
    least, second = error * JOINT_GAIN, []
    for _, period, template in near[1:]:
        if not _differs(period, found):
            continue
        joint = fast.mean_error(judged, (template + best_template) / 2, period) / level_error
        if joint < least:
            least, second = joint, [period]
    return second


def _differs(period, found):
    return all(abs(period - other) > max(1, SAME_PERIOD * other) for other in found)


def error_of_level(values: np.ndarray) -> float:
    """Mean absolute deviation from the (upper) median; 0 for a column without values."""
    ordered = np.sort(values[~np.isnan(values)])
    if len(ordered) == 0:
        return 0.0
    return float(np.abs(ordered - ordered[len(ordered) // 2]).mean())
