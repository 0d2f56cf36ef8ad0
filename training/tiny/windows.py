"""Training windows: features and targets cut from synthetic series."""

import numpy as np

from .components import log_uniform
from .features import CONTEXT, HISTORY, PATCH, build
from .generator import draw_day, draw_series
from .periods import find_periods

MOST_HORIZON = 30 * PATCH
SERIES = HISTORY + 2048 + MOST_HORIZON
WINDOWS_A_SERIES = 10
EARLIEST = 2200
TARGET_LIMIT = 12.0


def draw_windows(rng: np.random.Generator, series: int, horizon_patches: int):
    """Windows of `series` fresh series: features (n, 36 + horizon, 224) and targets (n, horizon · 32) float32, and their
    longest periods in steps, 0 where there is none.

    Targets are in the features' asinh space. Windows whose numbers overflow are left out.
    """
    features, targets, longest = [], [], []
    for _ in range(series):
        day = draw_day(rng)
        x = draw_series(rng, SERIES, day)
        looks = Looks(rng, x, day)
        for _ in range(WINDOWS_A_SERIES):
            origin = int(rng.integers(EARLIEST, SERIES - horizon_patches * PATCH + 1))
            history = disturb(rng, interrupt(rng, x[max(0, origin - HISTORY) : origin]))
            periods = looks.periods_at(origin)
            f, location, scale = build(history, periods, horizon_patches)
            target = np.arcsinh((x[origin : origin + horizon_patches * PATCH] - location) / scale)
            if np.isfinite(f).all() and np.isfinite(target).all():
                features.append(f)
                targets.append(np.clip(target, -TARGET_LIMIT, TARGET_LIMIT))
                longest.append(max(periods[:2], default=0))
    return np.stack(features), np.stack(targets).astype(np.float32), np.array(longest)


class Looks:
    """Period detection as it goes in service: made now and then, kept for a while, right or wrong."""

    def __init__(self, rng, x, day):
        self._rng, self._day = rng, day
        calendar = [p for p in (day, 7 * day) if p * 2 < len(x)] if rng.random() < 0.5 else []
        self._found = []
        for at in (int(rng.integers(EARLIEST, 5000)), int(rng.integers(6000, len(x) - MOST_HORIZON))):
            self._found.append((at, find_periods(x[max(0, at - 9000) : at], calendar)))

    def periods_at(self, origin):
        kind = self._rng.random()
        if kind < 0.74:
            past = [periods for at, periods in self._found if at <= origin]
            return past[-1] if past else self._found[0][1]
        if kind < 0.84:
            return [self._day]
        if kind < 0.87:
            return [int(self._rng.integers(5, 1500))]
        return []


def interrupt(rng, history):
    """Incidents that are over: the load was elsewhere for a while, came back, and nothing more follows of it."""
    if rng.random() >= 0.12:
        return history
    history = history.copy()
    n = len(history)
    size = log_uniform(rng, 3, 1000) * (np.std(np.diff(history[-CONTEXT:])) + 0.1 * np.std(history[-CONTEXT:]) + 1e-9)
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        steps = int(log_uniform(rng, 1, 120))
        # Eight steps after its end it can be known to be over.
        end = n - int(rng.integers(8, CONTEXT))
        rows = slice(max(0, end - steps), max(0, end))
        move = rng.choice([-1.0, 1.0]) * size * np.exp(0.3 * rng.standard_normal())
        if rng.random() < 0.3:
            # A full stop, or a limit that was reached: what it was before does not shine through.
            history[rows] = np.median(history[-CONTEXT:]) + move
        else:
            history[rows] += move
    return history


def disturb(rng, history):
    """Short histories, gaps of one or many samples; the newest steps are always known in part."""
    kind = rng.random()
    if kind < 0.15:
        history = history[len(history) - int(rng.integers(48, CONTEXT + 1)) :]
    elif kind < 0.3:
        history = history[len(history) - int(rng.integers(CONTEXT, len(history) + 1)) :]
    kind = rng.random()
    if kind < 0.1:
        history = history.copy()
        history[rng.random(len(history)) < rng.uniform(0, 0.5)] = np.nan
    elif kind < 0.16:
        history = history.copy()
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(0, len(history)))
            history[at : at + int(rng.integers(3, 300))] = np.nan
    if np.isnan(history[-64:]).all():
        history[-64:] = 0.0 if np.isnan(history).all() else np.nanmedian(history)
    return history
