"""Mixes the averaged weights of two runs that began from the same ones: the mean is often better than either."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the first one")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint without an optimiser, for export and --start")


def run(arguments) -> None:
    import torch

    one, other = (torch.load(path, map_location="cpu", weights_only=False) for path in (arguments.checkpoint, arguments.other))
    if one["shape"] != other["shape"]:
        raise SystemExit(f"the networks differ: {one['shape']} and {other['shape']}")
    torch.save(
        {
            "average": mixed(one["average"], other["average"], arguments.share),
            "shape": one["shape"],
            "progress": one["progress"],
        },
        arguments.out,
    )


def mixed(one, other, share: float):
    """`share` of each tensor of `one`, the rest from `other`."""
    return {name: share * one[name] + (1 - share) * other[name] for name in one}
