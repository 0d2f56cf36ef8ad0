"""Writes cases by which the product's test compares periods, features and answers with this code.

The format is described in models/README.md.
"""

import argparse
import base64
import hashlib
import json
import zlib
from pathlib import Path

import numpy as np

from .features import build
from .generator import draw_series
from .network import merged, merges, whole
from .periods import find_periods

CASES = 50
HOUR_MS = 3_600_000
CALENDAR_MS = (HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS)
SIGNIFICANT_DIGITS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", type=Path, help="folder with openanomaly-tiny.onnx; the file of cases is put beside it")
    parser.add_argument("--seed", type=int, default=11)


def run(arguments) -> None:
    import onnxruntime

    model = arguments.models / "openanomaly-tiny.onnx"
    session = onnxruntime.InferenceSession(model)
    rng = np.random.default_rng(arguments.seed)
    cases = []
    for index in range(CASES):
        name, step_ms, history = draw_case(rng, index)
        calendar = [ms // step_ms for ms in CALENDAR_MS if ms % step_ms == 0 and ms > step_ms]
        periods = find_periods(history, calendar)
        patches = 1 + index % 3
        features, _, _ = build(history, periods, patches)
        merge = merges(periods)
        pooling = (merged() if merge else whole()).numpy()
        outputs = session.run(None, {"features": features[None], "pooling": pooling})[0][0]
        cases.append(
            {
                "name": name,
                "stepMs": step_ms,
                "values": [None if np.isnan(v) else float(v) for v in history],
                "periods": periods,
                "horizonPatches": patches,
                "merged": merge,
                "features": pack(features),
                "outputs": pack(outputs),
            }
        )
    text = {"model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(), "cases": cases}
    path = arguments.models / "openanomaly-tiny.parity.json"
    path.write_text(json.dumps(text, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, {sum(bool(case['periods']) for case in cases)} cases with periods")


def draw_case(rng, index):
    """A history from its first sample on, of a kind that the index tells."""
    step_ms = int(rng.choice([10_000, 60_000, 300_000]))
    day = int(rng.choice([24, 60, 97, 288]))
    length = 9700 if index % 10 == 0 else int(rng.integers(64, 2600))
    history = draw_series(rng, 12_000, day)[-length:]
    history = np.array([float(f"{v:.{SIGNIFICANT_DIGITS}g}") for v in history])
    name = f"{length} steps"
    if index % 5 == 1:
        history[1:-1][rng.random(length - 2) < 0.2] = np.nan
        name += ", a fifth missing"
    elif index % 5 == 2:
        at = int(rng.integers(1, length - 20))
        history[at : at + length // 4] = np.nan
        history[-1] = 0.5
        name += ", a gap"
    elif index % 10 == 3:
        history[:] = 7.25
        name += ", constant"
    return f"{index}: {name}", step_ms, history


def pack(numbers: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(numbers, "<f4").tobytes(), 9)).decode()
