"""From a history to the numbers the network reads. src/adapters/model/onnx builds the same ones.

A token is 7 channels of 32 numbers. Four coarse tokens tell of the 8,192 steps before the context in bins of 64
(mean, seen, least, most, spread, 0, 0); 32 context tokens hold 1,024 steps (value, observed, first template, whether it
exists, its spread, second template, whether it exists); horizon tokens hold the templates' future and zeros for the rest.
"""

import numpy as np

from . import fast

PATCH = 32
CHANNELS = 7
CONTEXT_PATCHES = 32
CONTEXT = PATCH * CONTEXT_PATCHES
COARSE_TOKENS = 4
BIN = 64
COARSE = COARSE_TOKENS * PATCH * BIN
HISTORY = CONTEXT + COARSE
# Distances from the median beyond FAR times the one that USUAL_SHARE of them do not exceed count for no more than that.
USUAL_SHARE = 0.9
FAR = 3.0
NORMALISATION = "median-boundeddev-asinh/3"

LEVELS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]


def scale_of(context: np.ndarray) -> tuple[float, float]:
    """Location and scale of a context with NaN for missing values: median, and the mean distance from it, floored.

    A distance counts for at most FAR times the one that nine in ten do not exceed, so that an incident does not stretch
    the scale until nothing of the noise around it can be told. Where nine in ten rest on the median all count in full.
    """
    values = context[~np.isnan(context)]
    if len(values) == 0:
        return 0.0, 1.0
    location = float(np.median(values))
    extent = float(values.max() - values.min())
    if extent == 0:
        return location, max(abs(location) * 0.1, 1e-6)
    distances = np.sort(np.abs(values - location))
    usual = distances[int(USUAL_SHARE * (len(distances) - 1))]
    if usual > 0:
        distances = np.minimum(distances, FAR * usual)
    return location, max(float(distances.mean()), 1e-3 * extent, 1e-6 * abs(location), 1e-9)


def build(history: np.ndarray, periods: list[int], horizon_patches: int) -> tuple[np.ndarray, float, float]:
    """Features (36 + horizon_patches, 224) float32 of one history (NaN missing), its location and its scale."""
    n = len(history)
    context = np.full(CONTEXT, np.nan)
    taken = min(n, CONTEXT)
    context[CONTEXT - taken :] = history[n - taken :]
    location, scale = scale_of(context)
    horizon = horizon_patches * PATCH
    out = np.zeros((COARSE_TOKENS + CONTEXT_PATCHES + horizon_patches, CHANNELS, PATCH), np.float32)
    fine = out[COARSE_TOKENS:]
    head = fine[:CONTEXT_PATCHES]

    observed = ~np.isnan(context)
    head[:, 0] = np.arcsinh((np.where(observed, context, location) - location) / scale).reshape(-1, PATCH)
    head[:, 1] = observed.reshape(-1, PATCH)

    steps = CONTEXT + horizon
    for slot, period in enumerate(periods[:2]):
        template, spread = np.empty(steps), np.empty(steps)
        # Positions before the history's start have no template; the column begins `short` steps late.
        short = CONTEXT - taken
        template[:short], spread[:short] = np.nan, 0.0
        fast.fill_template(history, period, n - taken, template[short:], spread[short:])
        known = ~np.isnan(template)
        first = 2 if slot == 0 else 5
        fine[:, first] = np.arcsinh((np.where(known, template, location) - location) / scale).reshape(-1, PATCH)
        fine[:, first + 1] = known.reshape(-1, PATCH)
        if slot == 0:
            fine[:, 4] = np.arcsinh(spread / scale).reshape(-1, PATCH)

    if n > CONTEXT:
        mean, low, high, spread, seen = (np.empty(COARSE_TOKENS * PATCH) for _ in range(5))
        fast.coarse_bins(history[: n - CONTEXT], COARSE_TOKENS * PATCH, BIN, mean, low, high, spread, seen)
        coarse = out[:COARSE_TOKENS]
        coarse[:, 1] = seen.reshape(-1, PATCH)
        for channel, column in ((0, mean), (2, low), (3, high)):
            coarse[:, channel] = (np.arcsinh((column - location) / scale) * seen).reshape(-1, PATCH)
        coarse[:, 4] = np.arcsinh(spread / scale).reshape(-1, PATCH)
    return out.reshape(len(out), CHANNELS * PATCH), location, scale
