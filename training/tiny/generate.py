"""Draws synthetic series: as a picture, to see what the generator makes, or as numbers for other uses."""

import argparse
from pathlib import Path

import numpy as np

from .generator import draw_day, draw_series, source_hash


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="PNG or SVG: a picture; .npz: series × steps, float32")
    parser.add_argument("--series", type=int, default=48)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)


def run(arguments) -> None:
    rng = np.random.default_rng(arguments.seed)
    # One at a time: thousands of long series need not fit beside their float64 selves.
    series = np.empty((arguments.series, arguments.steps), np.float32)
    for row in series:
        row[:] = draw_series(rng, arguments.steps, draw_day(rng))
    if arguments.out.suffix == ".npz":
        np.savez_compressed(arguments.out, series=series, seed=arguments.seed, generator_sha256=source_hash())
    else:
        plot(series, arguments.out)
    print(f"{arguments.out}: {len(series)} series of {arguments.steps} steps")


def plot(series: np.ndarray, out: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    columns = 4
    rows = -(-len(series) // columns)
    _, axes = pyplot.subplots(rows, columns, figsize=(5 * columns, 1.4 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, values in zip(axes.flat, series, strict=False):
        axis.set_axis_on()
        axis.plot(values, linewidth=0.5)
        axis.set_xticks([])
    pyplot.tight_layout()
    pyplot.savefig(out, dpi=60)
