"""Parts of synthetic operational series. Each draws one part of n steps from a numpy Generator, about unit size."""

import numpy as np
from scipy import fft

from . import fast

FASTEST = 1e-12


def standard(x: np.ndarray) -> np.ndarray:
    """Centred, unit standard deviation; zero for a constant."""
    centred = x - x.mean()
    return centred / (centred.std() + 1e-9)


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noise_power(rng, n, exponent):
    """1/f^exponent noise by shaping a random spectrum: load that is similar to itself over scales."""
    half = n // 2 + 1
    frequency = np.arange(half, dtype=float)
    frequency[0] = 1.0
    spectrum = (rng.standard_normal(half) + 1j * rng.standard_normal(half)) * frequency ** (-exponent / 2)
    return standard(fft.irfft(spectrum, n))


def profile(rng, n, period):
    """A shape that repeats each period: few harmonics, then perhaps peaked, on/off, or resting on a floor."""
    harmonics = int(rng.integers(1, 10))
    order = np.arange(1, harmonics + 1)
    size = order ** -rng.uniform(0.4, 2.0) * rng.standard_normal(harmonics)
    phase = rng.uniform(0, 2 * np.pi, harmonics)
    steps = int(period) if float(period).is_integer() else n
    t = np.arange(min(steps, n))
    wave = standard((size[:, None] * np.sin(2 * np.pi * order[:, None] * t / period + phase[:, None])).sum(0))
    kind = rng.random()
    if kind < 0.25:
        wave = np.exp(np.clip(wave, -4, 3) * rng.uniform(0.5, 1.2)) - 1
    elif kind < 0.35:
        wave = np.sign(wave - rng.uniform(-0.8, 0.8))
    elif kind < 0.5:
        wave = np.maximum(wave, rng.uniform(-0.5, 0.9))
    elif kind < 0.6:
        wave = wave + rough_profile(rng, len(wave)) * rng.uniform(0.2, 1.0)
    return np.resize(wave, n) if steps < n else wave


def rough_profile(rng, steps):
    """What jobs at fixed minutes leave behind: a few narrow spikes that come at the same phase each time."""
    out = np.zeros(steps)
    for _ in range(int(rng.integers(1, 9))):
        at = int(rng.integers(0, steps))
        width = max(1, int(steps * log_uniform(rng, 0.001, 0.06)))
        out[at : at + width] += rng.standard_normal() * 2
    return out


def week(rng, n, day):
    """Factor of the day of the week: weekends lower, or each day its own."""
    index = ((np.arange(n) + rng.integers(0, 7 * int(day))) // day).astype(int) % 7
    if rng.random() < 0.6:
        factors = np.ones(7)
        factors[5:] = 1 - rng.uniform(0, 0.9)
    else:
        factors = np.exp(rng.standard_normal(7) * rng.uniform(0.02, 0.4))
    return factors[index]


def pulses(rng, n):
    """Cron jobs and scrapes of any period: rectangles, decays or saw teeth, with sizes that may vary."""
    t = np.arange(n)
    # Seven in ten run at a whole multiple of a step, the rest drifts against the grid.
    period = max(2.0, log_uniform(rng, 3, 900))
    if rng.random() < 0.7:
        period = float(round(period))
    moved = t + rng.integers(0, 10000)
    phase = (moved % period) / period
    cycle = (moved // period).astype(int)
    duty = log_uniform(rng, 0.01, 0.6)
    size = np.exp(rng.standard_normal(cycle.max() + 1) * rng.choice([0, 0, 0.1, 0.3, 0.8]))
    if rng.random() < 0.15:
        size *= rng.random(len(size)) < rng.uniform(0.3, 0.95)
    if rng.random() < 0.2:
        size *= 1 + 0.6 * np.sin(np.arange(len(size)) * rng.uniform(0.01, 1.0))
    kind = rng.random()
    if kind < 0.6:
        shape = (phase < max(duty, 1.01 / period)).astype(float)
    elif kind < 0.8:
        shape = np.exp(-phase / duty)
    else:
        shape = phase if rng.random() < 0.7 else 1 - phase
    return shape * size[cycle]


def level_shifts(rng, n):
    """Steps up and down; some go back after a while, as incidents do."""
    out = np.zeros(n)
    for _ in range(rng.poisson(rng.choice([0.5, 1, 2, 4, 10]))):
        at = int(rng.integers(0, n))
        size = rng.standard_normal() * rng.choice([0.5, 1, 3])
        stop = n if rng.random() < 0.5 else min(n, at + int(log_uniform(rng, 5, 1500)))
        out[at:stop] += size
    return out


def plateaus(rng, n):
    """Levels held for random times: replicas, configuration, on and off."""
    count = 4 + int(n / log_uniform(rng, 8, 1500))
    kind = rng.random()
    if kind < 0.5:
        on, off = log_uniform(rng, 3, 700), log_uniform(rng, 3, 1000)
        levels = np.arange(count + 1) % 2 * 1.0
        lengths = np.where(levels > 0, rng.exponential(on, count + 1), rng.exponential(off, count + 1)).astype(int) + 1
        if rng.random() < 0.4:
            levels = levels * np.exp(rng.standard_normal(count + 1) * 0.4)
    else:
        states = rng.standard_normal(int(rng.integers(2, 8)))
        levels = rng.choice(states, count + 1) if kind < 0.75 else np.cumsum(rng.choice([-1.0, 1.0], count + 1)) * 0.5
        lengths = rng.exponential(n / count, count + 1).astype(int) + 1
    missing = n - int(lengths.sum())
    if missing > 0:
        lengths[-1] += missing
    return fast.piecewise(n, lengths, levels)


def ramps(rng, n):
    """Memory, queues, disks: rises that fall back, with drifting length and height."""
    typical = log_uniform(rng, 10, 2500)
    count = int(n / typical * 1.6) + 5
    lengths = np.maximum(3, typical * np.exp(rng.choice([0, 0, 0.01, 0.03, 0.1, 0.3]) * rng.standard_normal(count)))
    heights = 1 + rng.choice([0, 0, 0.05, 0.2, 0.4]) * rng.standard_normal(count)
    if rng.random() < 0.2:
        heights = np.where(np.arange(count) % int(rng.integers(2, 8)) == 0, heights * rng.uniform(1.2, 3), heights)
    curve = rng.choice([1.0, 1.0, 1.0, 0.6, 1.6])
    out = fast.ramps(n, int(rng.integers(0, int(lengths[0]))), lengths.astype(np.int64), heights, curve, rng.choice([0, 0, 0.3, 0.7]))
    return out * rng.choice([-1.0, 1.0, 1.0]) * 3


def sawteeth(rng, n):
    """Garbage collection, log rotation, counters that wrap: a steady slope to a fixed limit, where it starts again.

    Unlike `ramps` the limit decides, not a clock: an early restart or a jump moves every later tooth.
    """
    length = log_uniform(rng, 8, 2500)
    slope = 1 / length * np.exp(rng.choice([0, 0, 0.05, 0.2, 0.6]) * noise_power(rng, n, rng.uniform(0.5, 2.2)))
    jumps = np.zeros(n)
    if rng.random() < 0.5:
        at = rng.integers(0, n, rng.poisson(n / length * rng.uniform(0.02, 0.3)) + 1)
        jumps[at] = rng.choice([-1.0, 1.0], len(at)) * rng.exponential(0.3, len(at))
    if rng.random() < 0.3:
        jumps[rng.integers(0, n, int(rng.integers(1, 6)))] = -2.0
    out = fast.sawteeth(slope, 0.0, 1.0, jumps, rng.random())
    return out * rng.choice([-1.0, 1.0]) * 3


def incidents(rng, n):
    """Short excursions that end where they began: retries, failovers, full stops."""
    out = np.zeros(n)
    size = rng.choice([-1.0, 1.0]) * log_uniform(rng, 0.7, 8)
    for _ in range(rng.poisson(rng.choice([2, 5, 15])) + 1):
        at = int(rng.integers(0, n))
        length = int(log_uniform(rng, 3, 120))
        out[at : at + length] = size * np.exp(0.3 * rng.standard_normal())
    return fast.relax(out, log_uniform(rng, 0.1, 1), log_uniform(rng, 0.1, 1))


def autoregressive(rng, n):
    share = rng.choice([0.0, 0.0, 0.3, 0.7, 0.9, 0.98])
    heavy = rng.random() < 0.25
    shocks = rng.standard_t(rng.choice([2.2, 3, 5]), n) / 1.6 if heavy else rng.standard_normal(n)
    if share == 0:
        return shocks
    return fast.recursive(shocks * np.sqrt(1 - share**2), np.array([share]))


def spikes(rng, n):
    """Single samples or short bursts far out, at random times."""
    rate = log_uniform(rng, 2e-4, 0.06)
    size = log_uniform(rng, 1, 15)
    out = np.zeros(n)
    count = rng.poisson(rate * n)
    at = rng.integers(0, n, count)
    out[at] += np.exp(rng.standard_normal(count) * rng.uniform(0.1, 1.2)) * size
    if rng.random() < 0.3:
        out = fast.relax(out, 1.0, rng.uniform(0.05, 0.7))
    return out * rng.choice([1.0, 1.0, 1.0, -1.0])


def dropouts(rng, n):
    """Members that fail to answer for some samples, again and again: a sum or a mean falls and is back at once."""
    out = np.zeros(n)
    size = rng.choice([-1.0, 1.0]) * log_uniform(rng, 0.5, 12)
    longest = int(rng.integers(1, 9))
    for at in rng.integers(0, n, rng.poisson(n * log_uniform(rng, 1e-3, 2e-2)) + 1):
        out[at : at + int(rng.integers(1, longest + 1))] = size * rng.uniform(0.4, 1)
    return out


def bumps(rng, n):
    """Humps of hours: batch work, traffic events; a fast rise and a slow end, or the other way round."""
    target = np.zeros(n)
    for _ in range(rng.poisson(rng.choice([1, 3, 8]))):
        at = int(rng.integers(0, n))
        target[at : at + int(log_uniform(rng, 5, 600))] += rng.exponential(2)
    return fast.relax(target, log_uniform(rng, 0.005, 0.9), log_uniform(rng, 0.005, 0.9))


def gaussian_process(rng, n):
    """Sums and products of smooth, periodic, rough and linear functions, as kernels are combined."""

    def part():
        kind = rng.random()
        if kind < 0.35:
            half = np.arange(n // 2 + 1) / n
            width = log_uniform(rng, 3, 3000)
            size = np.exp(-0.5 * (2 * np.pi * half * width) ** 2) + FASTEST
            spectrum = (rng.standard_normal(len(half)) + 1j * rng.standard_normal(len(half))) * np.sqrt(size)
            return standard(fft.irfft(spectrum, n))
        if kind < 0.65:
            period = log_uniform(rng, 6, 1600)
            order = np.arange(1, int(rng.integers(3, 14)))
            size = rng.standard_normal(len(order)) * np.exp(-0.5 * (order * rng.uniform(0.05, 0.6)) ** 2)
            angle = 2 * np.pi * order[:, None] * np.arange(n) / period + rng.uniform(0, 2 * np.pi, len(order))[:, None]
            return standard((size[:, None] * np.sin(angle)).sum(0))
        if kind < 0.9:
            return noise_power(rng, n, rng.uniform(0.8, 3.0))
        return rng.standard_normal() * (np.arange(n) / n - 0.5) * 3

    out = part()
    for _ in range(int(rng.integers(1, 4))):
        other = part()
        out = out + other * log_uniform(rng, 0.2, 1.6) if rng.random() < 0.6 else out * (1 + 0.7 * other)
    return out + log_uniform(rng, 0.005, 0.7) * rng.standard_normal(n)


def seasonal_arima(rng, n, period):
    """Stable seasonal ARIMA with drifting variance now and then; integrated in one of seven."""
    season = int(min(period, 800))
    burn = 3 * season
    if rng.random() < 0.4:
        radius, angle = rng.uniform(0.2, 0.99), rng.uniform(0, np.pi)
        ar = np.array([1, -2 * radius * np.cos(angle), radius**2])
    else:
        ar = np.array([1, -rng.choice([0.3, 0.7, 0.9, 0.97, 0.995])])
    seasonal_ar = np.zeros(season + 1)
    seasonal_ar[0], seasonal_ar[season] = 1, -rng.choice([0, 0.5, 0.8, 0.95, 0.99])
    shocks = rng.standard_normal(n + burn) if rng.random() < 0.7 else rng.standard_t(4, n + burn)
    if rng.random() < 0.3:
        drift = fast.recursive(rng.standard_normal(n + burn) * 0.2, np.array([0.98]))
        shocks = shocks * np.exp(np.clip(0.5 * drift, -3, 3))
    moving = np.convolve(shocks, np.concatenate([[1], rng.uniform(-0.8, 0.8, rng.integers(0, 3))]))[: n + burn]
    weight = rng.choice([0, -0.4, -0.7])
    if weight:
        moving[season:] = moving[season:] + weight * moving[:-season]
    out = fast.recursive(moving, -np.convolve(ar, seasonal_ar)[1:])[burn:]
    if rng.random() < 0.15:
        out = np.cumsum(out - out.mean())
    return standard(out)
