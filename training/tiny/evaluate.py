"""Scores a checkpoint or an ONNX file on folders laid out like BOOM, and on labelled sets scaled by seasonal naive.

For the loop of training: quick, one process. The product's own bench (`npm run bench:forecast`) is what counts.
"""

import argparse
import csv
import gzip
import json
import math
from pathlib import Path

import numpy as np

from .features import HISTORY, LEVELS, PATCH, build
from .periods import find_periods

TERMS = {"short": 1, "medium": 10, "long": 15}
STEP_SECONDS = {"10S": 10, "T": 60, "5T": 300, "30T": 1800, "H": 3600}
DECILES = [LEVELS.index(k / 10) for k in range(1, 10)]
DETECTION_STEPS = 10_080
MOST_WINDOWS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="checkpoint (.pt) or .onnx")
    parser.add_argument("--data", type=Path, required=True, help="folder with boom/, kpi2018/, nab/, bizitobs/")
    parser.add_argument("--sets", nargs="*", help="only these")
    parser.add_argument("--weights", default="average", choices=["average", "weights"])
    parser.add_argument("--both-ways", action="store_true", help="mean with the answer for the series upside down")


def run(arguments) -> None:
    predict = load(arguments.model, arguments.weights, arguments.both_ways)
    published = read_published(arguments.data / "boom" / "published.csv")
    rows = {}
    for name, seconds, series in read_sets(arguments.data):
        if arguments.sets and name not in arguments.sets:
            continue
        for term in TERMS:
            result = score(predict, series, seconds, term)
            if result is None:
                continue
            mase, crps, own_mase, own_crps, coverage = result
            if (name, term) in published:
                own_mase, own_crps = published[name, term]
            rows[name, term] = (mase / own_mase, crps / own_crps, coverage) if own_mase > 1e-9 else None
            if rows[name, term]:
                print(f"{name:12} {term:7} {mase / own_mase:.3f} {crps / own_crps:.3f}", np.round(coverage, 3), flush=True)
    groups = {"boom": [k for k in rows if rows[k] and k in published], "others": [k for k in rows if rows[k] and k not in published]}
    for group, keys in groups.items():
        for term in ("all", *TERMS):
            chosen = [rows[key] for key in keys if term in ("all", key[1])]
            if chosen:
                coverage = np.round(np.mean([row[2] for row in chosen], 0), 3)
                print(f"{group:7} {term:7} MASE {average([r[0] for r in chosen]):.4f} CRPS {average([r[1] for r in chosen]):.4f} {coverage}")


def average(ratios) -> float:
    """Shifted geometric mean, as BOOM aggregates."""
    return math.exp(np.mean(np.log(np.array(ratios) + 1e-5))) - 1e-5


def load(path: Path, which: str, ways: bool = False):
    """Answers a function: features (n, tokens, 224), pooling (m, 24) float32 → quantiles in asinh space (n, patches, 32, 13)."""
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        return lambda features, pooling: session.run(None, {"features": features, "pooling": pooling})[0]
    import torch

    from .network import Tiny, other_way

    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    network = Tiny(**checkpoint["shape"])
    network.load_state_dict(checkpoint[which])
    network.eval()
    print(json.dumps({key: checkpoint["progress"][key] for key in ("seconds", "steps", "windows")}))

    def predict(features, pooling):
        with torch.no_grad():
            x, pooling = torch.from_numpy(features), torch.from_numpy(pooling)
            return ((network(x, pooling) + other_way(network, x, pooling)) / 2 if ways else network(x, pooling)).numpy()

    return predict


def forecast(predict, histories, periods, horizon):
    """Quantiles (n, horizon, 13) in the series' own unit."""
    patches = -(-horizon // PATCH)
    out = np.empty((len(histories), horizon, len(LEVELS)))
    for pooling, rows in pooled(periods):
        for part in np.array_split(rows, -(-len(rows) // 128)) if len(rows) else []:
            built = [build(histories[i][-HISTORY - 12_000 :], periods[i], patches) for i in part]
            location = np.array([b[1] for b in built])[:, None, None]
            scale = np.array([b[2] for b in built])[:, None, None]
            u = predict(np.stack([b[0] for b in built]), pooling)
            u = np.sort(u.reshape(len(u), -1, len(LEVELS)), -1)[:, :horizon]
            out[part] = np.sinh(np.clip(u, -12, 12)) * scale + location
    return out


def pooled(periods):
    """Yields a pooling and the rows that go with it."""
    from .network import merged, merges, whole

    is_short = np.array([merges(found) for found in periods], bool)
    yield whole().numpy(), np.flatnonzero(~is_short)
    yield merged().numpy(), np.flatnonzero(is_short)


def score(predict, series, seconds, term):
    horizon = TERMS[term] * (60 if seconds < 60 else 48)
    season = 3600 // seconds if seconds < 60 else 86_400 // seconds
    calendar = [s // seconds for s in (3600, 86_400, 604_800) if s % seconds == 0 and s > seconds]
    histories, found, actual, scales, naive = [], [], [], [], []
    for values in series:
        n = len(values)
        windows = min(max(1, math.ceil(0.1 * n / horizon)), MOST_WINDOWS)
        if n - windows * horizon < 2 * season:
            continue
        first = n - windows * horizon
        periods = find_periods(values[max(0, first - DETECTION_STEPS) : first], calendar)
        for w in range(windows):
            origin = first + w * horizon
            past = values[:origin]
            future = values[origin : origin + horizon]
            if np.isnan(past[-64:]).all() or np.isnan(future).all():
                continue
            histories.append(past)
            found.append(periods)
            actual.append(future)
            scales.append(np.nanmean(np.abs(past[season:] - past[:-season])))
            naive.append(past[len(past) - season + np.arange(horizon) % season])
    if not histories:
        return None
    q = forecast(predict, histories, found, horizon)
    y, naive, scales = np.stack(actual), np.stack(naive), np.array(scales)
    moving = scales > 0
    median = LEVELS.index(0.5)
    mase = np.nanmean(np.abs(y - q[..., median])[moving] / scales[moving, None]) if moving.any() else np.nan
    own_mase = np.nanmean(np.abs(y - naive)[moving] / scales[moving, None]) if moving.any() else 0
    total = np.nansum(np.abs(y))
    losses = [np.nansum(2 * np.abs((y - q[..., i]) * ((y <= q[..., i]) - LEVELS[i]))) for i in DECILES]
    own = np.nansum(np.abs(y - naive)) / total
    coverage = [np.nanmean(np.where(np.isnan(y), np.nan, (y >= q[..., a]) & (y <= q[..., b]))) for a, b in ((2, 10), (1, 11), (0, 12))]
    return mase, np.mean(losses) / total, own_mase, own, np.array(coverage)


def read_published(path: Path):
    if not path.exists():
        return {}
    out = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            lower = {key.lower(): value for key, value in row.items()}
            if lower["model"].lower().replace("_", "") == "seasonalnaive":
                out[lower.get("dataset") or lower["set"], lower["term"]] = (float(lower["mase"]), float(lower["crps"]))
    return out


def read_sets(data: Path):
    """Yields (name, seconds a step, list of series)."""
    for path in sorted((data / "boom").glob("*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        header, table = read_csv(path)
        yield name, STEP_SECONDS[name.rsplit("-", 1)[1]], [table[:, i].astype(float) for i, h in enumerate(header) if h.startswith("v")]
    kpi = [on_grid(*columns(path)) for path in sorted((data / "kpi2018" / "train").glob("*.csv*"))]
    for seconds in sorted({s for s, _ in kpi}):
        yield f"kpi-{seconds}s", seconds, [values for s, values in kpi if s == seconds]
    nab = [on_grid(*columns(path)) for path in sorted((data / "nab" / "data").glob("*/*.csv.gz"))]
    if nab:
        yield "nab-300s", 300, [values for s, values in nab if s == 300 and np.nanstd(values) > 0]
    path = data / "bizitobs" / "l2c.csv.gz"
    if path.exists():
        header, table = read_csv(path)
        yield "bizitobs", 300, [np.array([float(v) if v else np.nan for v in table[:, i]]) for i in range(1, 8)]


def read_csv(path: Path):
    with (gzip.open(path, "rt") if path.suffix == ".gz" else path.open()) as file:
        reader = csv.reader(file)
        header = next(reader)
        return header, np.array([[v if v != "" else "nan" for v in row] for row in reader])


def columns(path: Path):
    header, table = read_csv(path)
    stamps = table[:, header.index("timestamp")]
    times = stamps.astype(float) if stamps[0].replace(".", "").isdigit() else stamps.astype("datetime64[s]").astype(float)
    return times, table[:, header.index("value")].astype(float)


def on_grid(times, values):
    step = float(np.median(np.diff(np.unique(times))))
    index = np.round((times - times.min()) / step).astype(int)
    out = np.full(min(index.max() + 1, 200_000), np.nan)
    keep = index < len(out)
    out[index[keep]] = values[keep]
    return round(step), out
