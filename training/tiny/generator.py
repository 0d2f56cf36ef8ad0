"""Whole synthetic series: parts are added, bent by a link, seen through a collector, and disturbed.

Breadth beats a faithful choice: weights are wide on purpose, and every family is mixed with every disturbance.
"""

import hashlib
from pathlib import Path

import numpy as np

from . import components as part
from . import fast
from .components import log_uniform, standard

# Steps a day (or an hour) has at the usual resolutions; the rest of the periods comes from no calendar.
CALENDAR_DAYS = [24, 48, 60, 96, 144, 240, 288, 288, 360, 480, 720, 1440, 1440]

CLEAN_SHARE = 0.09

# What else happens to a load, and how often.
STRUCTURES = [
    (0.3, part.level_shifts),
    (0.15, part.plateaus),
    (0.1, part.bumps),
    (0.1, part.incidents),
    (0.05, part.ramps),
    (0.05, part.sawteeth),
]


def draw_day(rng) -> int:
    """The main period of a series in steps."""
    return int(rng.choice(CALENDAR_DAYS)) if rng.random() < 0.6 else int(log_uniform(rng, 5, 1500))


def draw_series(rng: np.random.Generator, n: int, day: int) -> np.ndarray:
    """One series of n steps, float64, finite; `day` is the period of its main rhythm, should it have one."""
    if rng.random() < CLEAN_SHARE:
        return clean_rhythm(rng, n, day) * rng.choice([1.0, -1.0])
    kind = rng.random()
    if kind < 0.42:
        x = link(rng, composite(rng, n, day))
    elif kind < 0.46:
        # A rhythm and little else: how wide a band around something well known must be.
        x = part.profile(rng, n, day) + log_uniform(rng, 0.01, 0.4) * part.autoregressive(rng, n)
    elif kind < 0.55:
        x = part.gaussian_process(rng, n)
    elif kind < 0.65:
        x = part.seasonal_arima(rng, n, day)
        if rng.random() < 0.4:
            x = np.maximum(x + rng.uniform(0, 4), 0)
    elif kind < 0.85:
        x = gauge(rng, n)
    elif kind < 0.91:
        x = ratio_of_counts(rng, n, day)
    else:
        share = rng.uniform(0.2, 0.8)
        other = part.gaussian_process(rng, n) if rng.random() < 0.3 else link(rng, composite(rng, n, day))
        x = share * standard(link(rng, composite(rng, n, draw_day(rng)))) + (1 - share) * standard(other)
    x = regimes(rng, x)
    x = collector(rng, x)
    x = glitches(rng, x)
    if rng.random() < 0.03:
        x = np.full(n, rng.standard_normal())
    # As often upside down: what rises can fall, and a network that expects spikes misses dips.
    return np.clip(np.nan_to_num(x), -1e8, 1e8) * rng.choice([1.0, -1.0])


def clean_rhythm(rng, n, day):
    """A rhythm in white noise and nothing else: what is left to say is how wide the noise is.

    No collector smooths it, since the next step of smoothed noise is better known than its width.
    """
    rhythm = part.profile(rng, n, day)
    if rng.random() < 0.3:
        rhythm = rhythm * part.week(rng, n, day)
    return rhythm + log_uniform(rng, 0.01, 0.4) * rng.standard_normal(n)


def composite(rng, n, day):
    """A sum of what makes load: rhythms, jobs, drift, shifts, switches, noise, spikes."""

    def weight(chance, low, high):
        return log_uniform(rng, low, high) if rng.random() < chance else 0.0

    x = np.zeros(n)
    if w := weight(0.6, 0.2, 3):
        rhythm = part.profile(rng, n, day)
        if rng.random() < 0.4:
            rhythm = rhythm * part.week(rng, n, day)
        if v := weight(0.4, 0.05, 0.6):
            rhythm = rhythm * np.clip(1 + v * part.noise_power(rng, n, rng.uniform(1, 2.5)), 0, 3)
        x += w * rhythm
    for chance, high in ((0.35, 3), (0.15, 2)):
        if w := weight(chance, 0.2, high):
            x += w * part.pulses(rng, n)
    if w := weight(0.5, 0.1, 3):
        x += w * part.noise_power(rng, n, rng.uniform(0.6, 2.4))
    for chance, draw in STRUCTURES:
        if w := weight(chance, 0.2, 3):
            x += w * draw(rng, n)
    if w := weight(0.1, 0.2, 3):
        x += w * np.arange(n) / n * rng.choice([-1, 1])
    size = np.exp(np.clip(0.7 * x, -3, 2)) if rng.random() < 0.3 else 1.0
    if w := weight(0.9, 0.01, 1.5):
        x = x + w * part.autoregressive(rng, n) * size
    if rng.random() < 0.3:
        x = x + part.spikes(rng, n)
    return x


def link(rng, x):
    """From an unbounded signal to what a metric can be: counts, floors, exponentials, caps, or itself."""
    kind = rng.random()
    if kind < 0.22:
        rate = np.exp(np.clip(rng.uniform(-3, 6) + standard(x) * rng.uniform(0.2, 1.3), -8, 9))
        if rng.random() < 0.4:
            shape = np.exp(rng.uniform(-1, 3))
            rate = rate * rng.gamma(shape, 1 / shape, len(x))
        counts = rng.poisson(np.clip(rate, 0, 1e7)).astype(float)
        # A rate over a window is a moving sum of counts.
        return np.convolve(counts, np.ones(int(rng.choice([1, 1, 1, 2, 5]))))[: len(x)]
    if kind < 0.36:
        return np.maximum(x - np.quantile(x, rng.uniform(0, 0.97)), 0)
    if kind < 0.46:
        return np.exp(np.clip(standard(x) * rng.uniform(0.3, 1.5), -6, 6))
    if kind < 0.52:
        return np.minimum(standard(x), rng.uniform(0.2, 1.5))
    if kind < 0.56:
        return 1 / (1 + np.exp(-standard(x) * rng.uniform(1, 4) + rng.uniform(-2, 2)))
    return x


def gauge(rng, n):
    """Gauges with little noise: memory that rises and falls back, levels that are held, work that drains."""
    kind = rng.random()
    if kind < 0.3:
        x = part.ramps(rng, n)
    elif kind < 0.7:
        x = part.sawteeth(rng, n)
    elif kind < 0.82:
        x = fast.relax(part.plateaus(rng, n), log_uniform(rng, 0.01, 1), log_uniform(rng, 0.01, 1))
    else:
        x = np.cumsum(part.plateaus(rng, n) * rng.choice([1, 1, 0])) / 50 + part.noise_power(rng, n, 2) * 0.5
    x = x + rng.choice([0, 0, 0.003, 0.02, 0.08]) * rng.standard_normal(n)
    if rng.random() < 0.3:
        x = x + rng.choice([0.1, 0.4]) * part.noise_power(rng, n, 2)
    if rng.random() < 0.2:
        x = x + rng.uniform(0.1, 1) * part.pulses(rng, n)
    if rng.random() < 0.3:
        x = x + part.incidents(rng, n)
    if rng.random() < 0.2:
        x = x + part.dropouts(rng, n)
    return x


def ratio_of_counts(rng, n, day):
    """Error shares and means of few requests: coarse at night, smooth by day, often exactly zero."""
    rhythm = part.profile(rng, n, day) if rng.random() < 0.7 else np.zeros(n)
    requests = rng.poisson(np.exp(np.clip(rng.uniform(-1, 6) + 0.8 * rhythm, -3, 9)))
    share = 1 / (1 + np.exp(rng.uniform(0, 6) - part.level_shifts(rng, n) - 0.3 * part.noise_power(rng, n, 1.2)))
    errors = rng.binomial(requests, share)
    width = int(rng.choice([1, 1, 5, 10]))
    box = np.ones(width)
    below = np.convolve(requests, box)[:n]
    return np.where(below > 0, np.convolve(errors, box)[:n] / np.maximum(below, 1), 0.0)


def regimes(rng, x):
    """Deploys: level, size and noise change at an instant; autoscalers make stairs of a curve; restarts relax."""
    n, kind = len(x), rng.random()
    if kind < 0.12:
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(0, n))
            tail = x[at:]
            size = np.exp(rng.normal(0, 0.7))
            x[at:] = np.median(x[: at + 1]) + (tail - np.median(tail)) * size + rng.normal(0, 0.6) * x.std()
    elif kind < 0.18:
        hold = int(rng.integers(5, 300))
        held = np.repeat(x[::hold], hold)[:n]
        stair = held.std() * rng.uniform(0.2, 1) + 1e-9
        x = np.ceil(held / stair) * stair
    elif kind < 0.21:
        at = int(rng.integers(0, n))
        x[at:] += rng.normal(0, 3) * x.std() * np.exp(-np.arange(n - at) / log_uniform(rng, 20, 800))
    return x


def collector(rng, x):
    """What collecting does to a signal: rate windows, load averages, maxima over minutes, rounding, repeated samples."""
    kind = rng.random()
    if kind < 0.3:
        width = int(rng.choice([2, 3, 5, 10, 15, 30], p=[0.2, 0.2, 0.3, 0.15, 0.1, 0.05]))
        total = np.cumsum(np.concatenate([np.full(width, x[0]), x]))
        x = (total[width:] - total[:-width]) / width
    elif kind < 0.36:
        x = fast.exponential_average(x, log_uniform(rng, 0.03, 0.6))
    elif kind < 0.42:
        x = fast.rolling_extreme(x, int(rng.choice([3, 5, 10, 15])), rng.choice([1.0, 1.0, -1.0]))
    if rng.random() < 0.14:
        unit = x.std() * log_uniform(rng, 0.03, 1.2) + 1e-9
        x = np.round(x / unit) * unit
    if rng.random() < 0.05:
        # A source that is slower than the scrape repeats itself.
        hold = int(rng.choice([2, 3, 5, 10, 15, 60]))
        x = np.repeat(x[::hold], hold)[: len(x)]
    return x


def glitches(rng, x):
    """Dips and spikes that do not come again, often close together."""
    if rng.random() >= 0.2:
        return x
    n = len(x)
    size = x.std() + 1e-9
    sign = rng.choice([-1, 1])
    count = rng.poisson(np.exp(rng.uniform(0, 4)))
    centres = rng.integers(0, n, max(1, count // 4 + 1))
    for _ in range(count):
        near = rng.random() < 0.6
        at = int(np.clip(rng.choice(centres) + rng.normal(0, 150), 0, n - 4)) if near else int(rng.integers(0, n - 4))
        x[at : at + int(rng.choice([1, 1, 2, 3]))] += sign * size * log_uniform(rng, 0.5, 12)
    return x


def source_hash() -> str:
    """sha256 over the sources that decide what is drawn; written into checkpoints and the manifest."""
    here = Path(__file__).parent
    names = ["components.py", "generator.py", "fast.py", "windows.py", "features.py", "periods.py"]
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in names)).hexdigest()
