"""Compiled loops over single series. Plain functions of arrays: what they mean is said where they are used."""

import numpy as np
from numba import njit

TEMPLATE_CYCLES = 6


@njit(cache=True)
def fill_template(values, period, start, template, spread, lead=1):
    """Seasonal template and its spread for positions start, start + 1, … of a column, as the product makes them.

    Of the last six same-phase values at least `lead` steps before a position (and before the column's end): the mean without the largest and
    the smallest, of three or four the middle, of fewer the mean. `spread` is the mean distance of those values from the
    template, 0 where fewer than two exist. NaN is missing; NaN in `template` where no cycle has a value.
    """
    end = len(values)
    cycle = np.empty(TEMPLATE_CYCLES)
    for i in range(len(template)):
        position = start + i - period * -(-lead // period)
        if position >= end:
            position -= period * -(-(position - end + 1) // period)
        count = 0
        for _ in range(TEMPLATE_CYCLES):
            if position < 0:
                break
            if not np.isnan(values[position]):
                cycle[count] = values[position]
                count += 1
            position -= period
        if count == 0:
            template[i] = np.nan
            spread[i] = 0.0
            continue
        low = cycle[0]
        high = cycle[0]
        total = 0.0
        for k in range(count):
            low = min(low, cycle[k])
            high = max(high, cycle[k])
            total += cycle[k]
        if low == high:
            template[i] = low
        elif count < 3:
            template[i] = (low + high) / 2
        else:
            template[i] = (total - low - high) / (count - 2)
        distance = 0.0
        for k in range(count):
            distance += abs(cycle[k] - template[i])
        spread[i] = distance / count if count > 1 else 0.0


@njit(cache=True)
def mean_error(judged, template, period):
    """Mean absolute error of a template; infinite when fewer steps than one period can be compared."""
    total = 0.0
    count = 0
    for i in range(len(judged)):
        error = abs(judged[i] - template[i])
        if not np.isnan(error):
            total += error
            count += 1
    return np.inf if count < period else total / count


@njit(cache=True)
def levelled_error(judged, template, lead, period):
    """Mean absolute error of a template plus a level known `lead` steps before: the mean of the `lead` errors before.

    Infinite when fewer steps than one period can be compared.
    """
    level = 0.0
    known = 0
    total = 0.0
    count = 0
    for i in range(lead, len(judged)):
        error = judged[i - lead] - template[i - lead]
        if not np.isnan(error):
            level += error
            known += 1
        if i >= 2 * lead:
            error = judged[i - 2 * lead] - template[i - 2 * lead]
            if not np.isnan(error):
                level -= error
                known -= 1
        error = judged[i] - template[i]
        if known > 0 and not np.isnan(error):
            total += abs(error - level / known)
            count += 1
    return np.inf if count < max(period, 1) else total / count


@njit(cache=True)
def peaks(correlation, least):
    """Lags from 2 on at which an autocorrelation has a local maximum above `least`."""
    found = np.empty(len(correlation), np.int64)
    count = 0
    for lag in range(2, len(correlation) - 1):
        here = correlation[lag]
        if here > least and here > correlation[lag - 1] and here >= correlation[lag + 1]:
            found[count] = lag
            count += 1
    return found[:count]


@njit(cache=True)
def recursive(noise, coefficients):
    """x_t = noise_t + Σ coefficients_k · x_(t−k−1): an autoregressive filter, sparse coefficients welcome."""
    order = len(coefficients)
    out = np.empty(len(noise))
    used = np.nonzero(coefficients)[0]
    for t in range(len(noise)):
        value = noise[t]
        for k in used:
            if t - k - 1 >= 0:
                value += coefficients[k] * out[t - k - 1]
        out[t] = value
    return out


@njit(cache=True)
def rolling_extreme(values, width, sign):
    """Largest (sign 1) or smallest (sign −1) of the last `width` values."""
    out = np.empty(len(values))
    for t in range(len(values)):
        best = values[t]
        for k in range(max(0, t - width + 1), t):
            if sign * values[k] > sign * best:
                best = values[k]
        out[t] = best
    return out


@njit(cache=True)
def exponential_average(values, share):
    out = np.empty(len(values))
    level = values[0]
    for t in range(len(values)):
        level += share * (values[t] - level)
        out[t] = level
    return out


@njit(cache=True)
def relax(values, up, down):
    """Follows a target with one time constant upwards and another downwards: caches that fill, heaps that drain."""
    out = np.empty(len(values))
    level = values[0]
    for t in range(len(values)):
        level += (up if values[t] > level else down) * (values[t] - level)
        out[t] = level
    return out


@njit(cache=True)
def piecewise(n, lengths, levels):
    """Levels held for the given numbers of steps, one after the other, cut at n."""
    out = np.empty(n)
    at = 0
    for k in range(len(lengths)):
        stop = min(n, at + lengths[k])
        out[at:stop] = levels[k]
        at = stop
        if at == n:
            break
    if at < n:
        out[at:] = levels[-1]
    return out


@njit(cache=True)
def ramps(n, offset, lengths, heights, curve, floor):
    """Rises that fall back at their end: heaps, queues, disks between clean-ups. Starts `offset` steps into the first."""
    out = np.zeros(n)
    at = -offset
    for k in range(len(lengths)):
        length = lengths[k]
        for i in range(max(0, -at), length):
            if at + i >= n:
                return out
            share = (i / length) ** curve
            out[at + i] = heights[k] * max(share, floor)
        at += length
        if at >= n:
            break
    return out


@njit(cache=True)
def sawteeth(slopes, base, limit, jumps, start):
    """A level that moves by slopes[t] until it reaches `limit`, then falls back to `base`; jumps[t] are added as it goes."""
    out = np.empty(len(slopes))
    level = start
    for t in range(len(slopes)):
        level += slopes[t] + jumps[t]
        if level >= limit or level < base:
            level = base
        out[t] = level
    return out


@njit(cache=True)
def coarse_bins(history, bins, width, mean, low, high, spread, seen):
    """Summary of the newest bins × width values of `history`, oldest bin first; bins without a value have seen = 0."""
    n = len(history)
    for b in range(bins):
        start = n - (bins - b) * width
        count = 0
        total = 0.0
        least = np.inf
        most = -np.inf
        for t in range(max(start, 0), max(start + width, 0)):
            value = history[t]
            if np.isnan(value):
                continue
            count += 1
            total += value
            least = min(least, value)
            most = max(most, value)
        if count == 0:
            seen[b] = 0.0
            mean[b] = 0.0
            low[b] = 0.0
            high[b] = 0.0
            spread[b] = 0.0
            continue
        centre = total / count
        distance = 0.0
        for t in range(max(start, 0), max(start + width, 0)):
            if not np.isnan(history[t]):
                distance += abs(history[t] - centre)
        seen[b] = 1.0
        mean[b] = centre
        low[b] = least
        high[b] = most
        spread[b] = distance / count
