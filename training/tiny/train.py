"""Training on two cores, or a GPU: one process draws windows, this one learns. Resumable from its own checkpoints.

A checkpoint holds the weights, their running average, the optimiser and how far the schedule is; interrupting costs at
most the minutes since the last one.
"""

import argparse
import copy
import functools
import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from .features import LEVELS, PATCH
from .generator import source_hash
from .muon import Muon
from .network import NEW_STEPS, PAST_TOKENS, Tiny, merged, other_way, start_from_pilot, whole
from .windows import draw_windows

HORIZONS = [2, 4, 8, 15, 30]
HORIZON_SHARES = [0.4, 0.2, 0.15, 0.13, 0.12]
POOL_WINDOWS = 3000
LEAST_WINDOWS = 400
BLOCK_SERIES = 16
# Of the windows without a long rhythm, how many are learnt with their old patches merged, as they go in service.
MERGED_SHARE = 0.8
REUSE = 1.5
CHECKPOINT_SECONDS = 240
LOSS_LIMIT = 5.0
LONGEST_STEP_SECONDS = 30
AVERAGE_DECAY = 0.9995
WEIGHT_FLOOR = 0.2
WEIGHT_SCALE = 0.6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="checkpoint, written every few minutes")
    parser.add_argument("--minutes", type=float, default=110, help="of training in all, over all resumptions")
    parser.add_argument("--resume", action="store_true", help="go on from --out")
    parser.add_argument("--pilot", type=Path, help="weights of a four-layer model to start from")
    parser.add_argument("--start", type=Path, help="checkpoint whose average to start from")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--batch", type=int, default=160)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--muon", action="store_true", help="orthogonal steps for the matrices of the layers, AdamW for the rest")
    parser.add_argument("--flat", type=float, default=0.35, help="share of the time before the rate falls")
    parser.add_argument("--taught", type=float, default=0.0, help="weight of the distance from what the average says upside down")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--generators", type=int, default=1, help="processes that draw windows")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="a third faster after some minutes; needs a C++ compiler")


def draw_for_ever(queue, seed: int) -> None:
    os.nice(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    while True:
        horizon = int(rng.choice(HORIZONS, p=HORIZON_SHARES))
        queue.put((horizon, *draw_windows(rng, BLOCK_SERIES, horizon)))


class Pool:
    """The newest windows of each horizon; a window is used REUSE times in the mean, so that neither side idles."""

    def __init__(self, queue):
        self._queue = queue
        self._features = {}
        self._targets = {}
        self._longest = {}
        self._next = dict.fromkeys(HORIZONS, 0)
        self.drawn = 0
        self.used = 0

    def fill(self) -> None:
        """Takes new windows as long as too few were drawn for what was used; waits for them where there are none."""
        while self.used + REUSE * POOL_WINDOWS > REUSE * self.drawn or not self._is_filled():
            horizon, features, targets, longest = self._queue.get()
            if horizon not in self._features:
                self._features[horizon] = np.empty((POOL_WINDOWS, *features.shape[1:]), np.float32)
                self._targets[horizon] = np.empty((POOL_WINDOWS, *targets.shape[1:]), np.float32)
                self._longest[horizon] = np.empty(POOL_WINDOWS, int)
            at = (self._next[horizon] + np.arange(len(features))) % POOL_WINDOWS
            self._features[horizon][at] = features
            self._targets[horizon][at] = targets
            self._longest[horizon][at] = longest
            self._next[horizon] += len(features)
            self.drawn += len(features)

    def _is_filled(self) -> bool:
        return all(self._next[horizon] >= LEAST_WINDOWS for horizon in HORIZONS)

    def batch(self, rng, size: int):
        """Features, targets, and whether old patches are merged: of windows without a long rhythm alone, in the mean as many as are drawn."""
        horizon = int(rng.choice(HORIZONS, p=HORIZON_SHARES))
        is_short = self._longest[horizon][: min(self._next[horizon], POOL_WINDOWS)] <= NEW_STEPS
        short = is_short.mean()
        merge = bool(rng.random() < MERGED_SHARE * short)
        of_short = size if merge else round(size * (1 - MERGED_SHARE) * short / (1 - MERGED_SHARE * short))
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(part), count) for part, count in ((is_short, of_short), (~is_short, size - of_short)) if count]
        )
        self.used += size
        return torch.from_numpy(self._features[horizon][rows]), torch.from_numpy(self._targets[horizon][rows]), merge


class Optimiser:
    """AdamW, or for the matrices of the layers Muon, whose steps are as large.

    Of Muon's one matrix `qkv` or `gate_up` is several maps side by side; they are made orthogonal together.
    """

    def __init__(self, network: Tiny, rate: float, muon: bool):
        matrices = [weight for layer in network.layers for weight in layer.parameters() if weight.ndim == 2] if muon else []
        kept = {id(weight) for weight in matrices}
        rest = [weight for weight in network.parameters() if id(weight) not in kept]
        self._parts = [torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)]
        if matrices:
            self._parts.append(Muon(matrices, lr=rate))

    def set_rate(self, rate: float) -> None:
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate

    def zero_grad(self) -> None:
        for part in self._parts:
            part.zero_grad()

    def step(self) -> None:
        for part in self._parts:
            part.step()

    def state_dict(self) -> list:
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list) -> None:
        for part, kept in zip(self._parts, state, strict=True):
            part.load_state_dict(kept)


def pinball(quantiles, targets, levels):
    """Mean pinball loss over steps and levels, per window: (batch, patches, 32, levels), (batch, steps) → (batch,)"""
    error = targets.view(len(targets), -1, PATCH, 1) - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean((1, 2, 3))


def weights(features):
    """What a window counts: up to six times as much where a rhythm says its future well, in the mean about one; (batch,)

    In units of the context's scale a clean rhythm has so little to lose that how wide its noise is would hardly be learnt,
    and a seasonal naive forecast, which scores are relative to, is as good there. A function of what is known beforehand
    leaves the best answer to each window as it is, which a weight taken from the loss would not.
    """
    known, spread = (features[:, PAST_TOKENS:, channel * PATCH : (channel + 1) * PATCH].mean((1, 2)) for channel in (3, 4))
    return WEIGHT_SCALE / ((spread + 1 - known).clamp(0, 1) + WEIGHT_FLOOR)


def learning_rate(share: float, step: int, arguments) -> float:
    fall = 1.0 if share < arguments.flat else max(0.0, (1 - share) / (1 - arguments.flat))
    return arguments.rate * min(1.0, (step + 1) / 300) * max(fall, 0.004)


def run(arguments) -> None:
    torch.manual_seed(arguments.seed)
    # Adam's moments of weights that rarely matter sink into denormal numbers, which cost a CPU five times the time.
    torch.set_flush_denormal(True)
    network = Tiny(arguments.width, arguments.layers)
    if arguments.pilot is not None and not arguments.resume:
        start_from_pilot(network, torch.load(arguments.pilot, map_location="cpu"))
    if arguments.start is not None and not arguments.resume:
        network.load_state_dict(torch.load(arguments.start, map_location="cpu")["average"])
    network.to(arguments.device)
    average = copy.deepcopy(network)
    optimiser = Optimiser(network, arguments.rate, arguments.muon)
    progress = {"seconds": 0.0, "steps": 0, "windows": 0, "seed": arguments.seed, "runs": []}
    if arguments.resume:
        checkpoint = torch.load(arguments.out, map_location=arguments.device, weights_only=False)
        network.load_state_dict(checkpoint["weights"])
        average.load_state_dict(checkpoint["average"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        progress = checkpoint["progress"]
    given = arguments.start or arguments.pilot
    start = given.name if given else "random weights"
    progress["runs"].append({"generator": source_hash(), "start": "checkpoint" if arguments.resume else start})

    queue = multiprocessing.Queue(6)
    seeds = [arguments.seed * 1000 + 10 * len(progress["runs"]) + k for k in range(arguments.generators)]
    workers = [multiprocessing.Process(target=draw_for_ever, args=(queue, seed), daemon=True) for seed in seeds]
    for worker in workers:
        worker.start()
    try:
        learn(arguments, network, average, optimiser, progress, Pool(queue))
    finally:
        for worker in workers:
            worker.kill()


def learn(arguments, network, average, optimiser, progress, pool) -> None:
    rng = np.random.default_rng([arguments.seed, len(progress["runs"])])
    levels = torch.tensor(LEVELS, device=arguments.device)
    poolings = whole().to(arguments.device), merged().to(arguments.device)

    autocast = functools.partial(torch.autocast, arguments.device.split(":")[0], torch.bfloat16, has_bfloat16(arguments.device))

    def loss_of(features, targets, pooling, taught):
        embedded = network.embed(features)
        with autocast():
            mixed = network.mix(embedded, features, pooling)
        quantiles = network.read(mixed.float(), features)
        losses = pinball(quantiles, targets, levels).clamp(max=LOSS_LIMIT)
        loss, weighed = losses.mean(), (losses * weights(features)).mean()
        if taught is None:
            return loss, weighed
        # As steep as the pinball loss is around its least: flat for outer levels, whose few samples must not be outvoted.
        distance = functional.smooth_l1_loss(quantiles, taught, reduction="none") * 4 * levels * (1 - levels)
        return loss, weighed + arguments.taught * distance.mean()

    def teach(features, pooling):
        with torch.no_grad(), autocast():
            return other_way(average, features, pooling).float()

    if arguments.compile:
        # Once for each horizon, with old patches merged and without.
        torch._dynamo.config.cache_size_limit = 2 * len(HORIZONS)
        loss_of = torch.compile(loss_of, dynamic=False)
    total = arguments.minutes * 60
    last = saved = time.monotonic()
    smooth = None
    while progress["seconds"] < total:
        pool.fill()
        features, targets, merge = pool.batch(rng, arguments.batch)
        features, targets, pooling = features.to(arguments.device), targets.to(arguments.device), poolings[merge]
        optimiser.set_rate(learning_rate(progress["seconds"] / total, progress["steps"], arguments))
        loss, total_loss = loss_of(features, targets, pooling, teach(features, pooling) if arguments.taught > 0 else None)
        optimiser.zero_grad()
        total_loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        progress["steps"] += 1
        progress["windows"] += len(features)
        decay = min(AVERAGE_DECAY, progress["steps"] / (progress["steps"] + 100))
        with torch.no_grad():
            for kept, new in zip(average.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
        now = time.monotonic()
        # A process that was stopped for a while has not learnt meanwhile.
        progress["seconds"] += min(now - last, LONGEST_STEP_SECONDS)
        last = now
        smooth = loss.item() if smooth is None else 0.995 * smooth + 0.005 * loss.item()
        if progress["steps"] % 500 == 0:
            line = {key: round(progress[key]) for key in ("seconds", "steps", "windows")}
            print(json.dumps({**line, "loss": round(smooth, 4), "drawn": pool.drawn}), flush=True)
        if now - saved > CHECKPOINT_SECONDS:
            save(arguments.out, network, average, optimiser, progress)
            saved = now
    save(arguments.out, network, average, optimiser, progress)


def has_bfloat16(device: str) -> bool:
    """Whether the maths of bfloat16 are the processor's own; where they are not they take eight times the time."""
    if device != "cpu":
        return True
    features = Path("/proc/cpuinfo")
    return features.exists() and "_bf16" in features.read_text()


def save(path: Path, network, average, optimiser, progress) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "weights": network.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "shape": {"width": network.position.shape[1], "layers": len(network.layers)},
            "progress": progress,
        },
        part,
    )
    part.replace(path)
