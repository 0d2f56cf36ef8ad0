"""Draws synthetic series as a picture, to see what the generator makes."""

import argparse
from pathlib import Path

import numpy as np

from .generator import draw_day, draw_series


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="PNG or SVG")
    parser.add_argument("--series", type=int, default=48)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)


def run(arguments) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rng = np.random.default_rng(arguments.seed)
    columns = 4
    rows = -(-arguments.series // columns)
    _, axes = pyplot.subplots(rows, columns, figsize=(5 * columns, 1.4 * rows))
    for axis in axes.flat[: arguments.series]:
        axis.plot(draw_series(rng, arguments.steps, draw_day(rng)), linewidth=0.5)
        axis.set_xticks([])
    pyplot.tight_layout()
    pyplot.savefig(arguments.out, dpi=60)
