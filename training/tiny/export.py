"""Writes the ONNX file (opset 17, float32 maths, weights stored as float16) and its manifest."""

import argparse
import datetime
import hashlib
import json
from pathlib import Path

import numpy as np

from .features import BIN, CHANNELS, COARSE_TOKENS, CONTEXT_PATCHES, LEVELS, NORMALISATION, PATCH

OPSET = 17
# Small tensors (norms, biases) stay float32: they cost nothing and carry the scale.
LEAST_HALF_SIZE = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for openanomaly-tiny.onnx and .json")
    parser.add_argument("--weights", default="average", choices=["average", "weights"])
    parser.add_argument("--version", default="1")


def run(arguments) -> None:
    import torch

    from .network import MERGED, MOST_HORIZON_PATCHES, OLD_PATCHES, PAST_TOKENS, Tiny, merged

    checkpoint = torch.load(arguments.checkpoint, map_location="cpu", weights_only=False)
    network = Tiny(**checkpoint["shape"])
    network.load_state_dict(checkpoint[arguments.weights])
    network.eval()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "openanomaly-tiny.onnx"
    example = torch.randn(2, PAST_TOKENS + 2, CHANNELS * PATCH)
    example[:, :, PATCH : 2 * PATCH] = 1
    torch.onnx.export(
        network,
        (example, merged()),
        str(path),
        input_names=["features", "pooling"],
        output_names=["quantiles"],
        opset_version=OPSET,
        dynamic_axes={"features": {0: "batch", 1: "tokens"}, "pooling": {0: "merged"}, "quantiles": {0: "batch", 1: "horizon_patches"}},
        do_constant_folding=True,
        dynamo=False,
    )
    take_batch_from_input(path)
    store_as_half(path)
    progress = checkpoint["progress"]
    data = path.read_bytes()
    manifest = {
        "id": "openanomaly-tiny",
        "version": arguments.version,
        "created": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "licence": "Apache-2.0",
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "opset": OPSET,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "input": {
            "name": "features",
            "patch": PATCH,
            "channels": CHANNELS,
            "coarse_tokens": COARSE_TOKENS,
            "coarse_bin": BIN,
            "context_patches": CONTEXT_PATCHES,
            "pooling": {"name": "pooling", "patches": OLD_PATCHES, "merged": MERGED},
        },
        "output": {"name": "quantiles", "levels": LEVELS, "space": "asinh"},
        "normalisation": NORMALISATION,
        "horizon_patches_max": MOST_HORIZON_PATCHES,
        "training": {
            "seed": progress["seed"],
            "windows": progress["windows"],
            "steps": progress["steps"],
            "minutes": round(progress["seconds"] / 60, 1),
            "generator_sha256": progress["runs"][-1]["generator"],
            "start": progress["runs"][0]["start"],
            "data": "synthetic only",
        },
        "benchmarks": {},
    }
    (arguments.out / "openanomaly-tiny.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{path}: {len(data)} bytes, {manifest['parameters']} parameters")


def take_batch_from_input(path: Path) -> None:
    """Shapes that begin with the batch, worked out at each run, become constants with 0: "as the input has it"."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        shape = makers.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.op_type != "Concat":
            continue
        rest = [makers[name] for name in shape.input[1:]]
        if any(part.op_type != "Constant" for part in rest):
            continue
        sizes = [0, *(int(numpy_helper.to_array(part.attribute[0].t).item()) for part in rest)]
        node.input[1] = f"{node.name}.shape"
        graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), node.input[1]))
    while unused := [node for node in graph.node if not set(node.output) & needed_names(graph)]:
        for node in unused:
            graph.node.remove(node)
    onnx.save(model, path)


def needed_names(graph) -> set[str]:
    return {name for node in graph.node for name in node.input} | {output.name for output in graph.output}


def store_as_half(path: Path) -> None:
    """Large float32 constants become float16 with a cast behind them: half the file, float32 maths."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= LEAST_HALF_SIZE:
            continue
        model.graph.initializer.remove(tensor)
        stored = f"{tensor.name}.half"
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
