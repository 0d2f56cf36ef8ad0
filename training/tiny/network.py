"""The network: a transformer over patches, quantiles of every horizon patch in one pass.

Only the horizon tokens are needed at the end, so the last layer computes queries and feed-forward for them alone.
"""

import torch
from torch import nn
from torch.nn import functional

from .features import CHANNELS, COARSE_TOKENS, CONTEXT_PATCHES, LEVELS, PATCH

MOST_HORIZON_PATCHES = 30
PAST_TOKENS = COARSE_TOKENS + CONTEXT_PATCHES
FUTURE_CHANNELS = 5

# The oldest patches of a context, which go on as means of MERGED each where no rhythm is longer than what is left.
OLD_PATCHES = 24
MERGED = 8
MERGED_BEHIND = 1
NEW_STEPS = (CONTEXT_PATCHES - OLD_PATCHES) * PATCH
UNSEEN = -1e4


class Residual(nn.Module):
    """Two-layer perceptron beside a linear map."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.up = nn.Linear(inputs, hidden)
        self.down = nn.Linear(hidden, outputs)
        self.skip = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.down(functional.silu(self.up(x))) + self.skip(x)


class RootMeanSquareNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        # As the runtime knows it, which makes one step of it.
        return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.gain


class Layer(nn.Module):
    """Pre-norm attention and gated feed-forward (SwiGLU). With `keep` > 0 only the tokens from there on go on."""

    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.width, self.heads, self.per_head = width, heads, width // heads
        self.norm_attention = RootMeanSquareNorm(width)
        self.norm_feed = RootMeanSquareNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.merge = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, bias, keep: int = 0):
        batch = x.shape[0]
        normed = self.norm_attention(x)
        # Parts of the weights rather than of what they give: cutting constants costs nothing at run time.
        weight_q, weight_k, weight_v = self.qkv.weight.chunk(3)
        q = functional.linear(normed[:, keep:], weight_q * self.per_head**-0.5).view(batch, -1, self.heads, self.per_head).transpose(1, 2)
        k, v = (
            functional.linear(normed, weight).view(batch, -1, self.heads, self.per_head).transpose(1, 2)
            for weight in (weight_k, weight_v)
        )
        attention = (q @ k.transpose(-1, -2) + bias).softmax(-1)
        x = x[:, keep:] + self.merge((attention @ v).transpose(1, 2).reshape(batch, -1, self.width))
        normed = self.norm_feed(x)
        weight_gate, weight_up = self.gate_up.weight.chunk(2)
        gate, up = functional.linear(normed, weight_gate), functional.linear(normed, weight_up)
        return x + self.down(functional.silu(gate) * up)


class Tiny(nn.Module):
    """features (batch, 36 + horizon patches, 224), pooling (m, 24) → quantiles in asinh space (batch, horizon patches, 32, 13).

    `pooling` says which of the oldest patches go on as one: `whole()` or `merged()`.
    """

    def __init__(self, width: int = 128, layers: int = 5, heads: int = 4, head_hidden: int = 224):
        super().__init__()
        self.fine = Residual(CHANNELS * PATCH, width, width)
        self.coarse = Residual(CHANNELS * PATCH, width, width)
        self.position = nn.Parameter(torch.randn(PAST_TOKENS + MOST_HORIZON_PATCHES, width) * 0.02)
        self.layers = nn.ModuleList([Layer(width, heads, 2 * width) for _ in range(layers)])
        self.norm = RootMeanSquareNorm(width)
        self.head = Residual(width + FUTURE_CHANNELS * PATCH, head_hidden, PATCH * len(LEVELS))

    def forward(self, features, pooling):
        return self.read(self.mix(self.embed(features), features, pooling), features)

    def embed(self, features):
        x = torch.cat([self.coarse(features[:, :COARSE_TOKENS]), self.fine(features[:, COARSE_TOKENS:])], 1)
        return x + self.position[: x.shape[1]]

    def mix(self, x, features, pooling):
        """The part that bears reduced precision in training: (batch, tokens, width) → (batch, horizon, width)."""
        # A past token without a single value is not looked at; horizon tokens always are.
        seen = (features[:, :PAST_TOKENS, PATCH : 2 * PATCH].sum(-1) > 0.5).to(features.dtype)
        seen = torch.cat([seen, features[:, PAST_TOKENS:, 0] * 0 + 1], 1)
        for layer in self.layers[:MERGED_BEHIND]:
            x = layer(x, bias_of(seen))
        x, seen = pool(x, seen, pooling)
        bias = bias_of(seen)
        for layer in self.layers[MERGED_BEHIND:-1]:
            x = layer(x, bias)
        return self.norm(self.layers[-1](x, bias, PAST_TOKENS - OLD_PATCHES + pooling.shape[0]))

    def read(self, x, features):
        future = features[:, PAST_TOKENS:, (CHANNELS - FUTURE_CHANNELS) * PATCH :]
        quantiles = self.head(torch.cat([x, future], -1))
        return quantiles.view(quantiles.shape[0], -1, PATCH, len(LEVELS))


def whole():
    """Each patch goes on by itself; (24, 24)"""
    return torch.eye(OLD_PATCHES)


def merged():
    """Eight patches go on as one: for contexts without a rhythm of more than NEW_STEPS steps; (3, 24)"""
    return torch.eye(OLD_PATCHES // MERGED).repeat_interleave(MERGED, 1)


def merges(periods) -> bool:
    """Whether old patches are merged for a series with these periods in steps, as the product decides it."""
    return max(periods[:2], default=0) <= NEW_STEPS


def pool(x, seen, pooling):
    """Means of old patches that were seen, and how many each stands for, in place of the patches themselves."""
    first, last = COARSE_TOKENS, COARSE_TOKENS + OLD_PATCHES
    old = seen[:, first:last, None]
    count = pooling @ old
    mean = pooling @ (x[:, first:last] * old) / count.clamp(min=1)
    x = torch.cat([x[:, :first], mean, x[:, last:]], 1)
    return x, torch.cat([seen[:, :first], count[..., 0], seen[:, last:]], 1)


def bias_of(seen):
    """What attention adds for a token that stands for so many: each would have been looked at as much."""
    return torch.where(seen > 0, torch.log(seen.clamp(min=1)), UNSEEN)[:, None, None, :]


def upside_down(features):
    """The features of the series −x from those of x; shapes as in `Tiny`."""
    x = features.view(*features.shape[:2], CHANNELS, PATCH).clone()
    x[:, :, [0, 2]] *= -1
    x[:, COARSE_TOKENS:, 5] *= -1
    # In coarse tokens these are the least and the most of a bin.
    least = x[:, :COARSE_TOKENS, 2].clone()
    x[:, :COARSE_TOKENS, 2] = -x[:, :COARSE_TOKENS, 3]
    x[:, :COARSE_TOKENS, 3] = least
    return x.view(features.shape)


def other_way(network, features, pooling):
    """The answer for the series upside down, turned back; shapes as in `Tiny`."""
    return -network(upside_down(features), pooling).flip(-1)


def start_from_pilot(network: Tiny, weights: dict) -> None:
    """Puts the four-layer pilot's weights in; the last layer starts as the identity, coarse tokens near zero."""
    own = network.state_dict()
    width = network.position.shape[1]
    for name, part in (("fine", "inp"), ("head", "out")):
        for new, old in (("up", "a"), ("down", "b"), ("skip", "c")):
            for kind in ("weight", "bias"):
                own[f"{name}.{new}.{kind}"] = weights[f"{part}.{old}.{kind}"]
    names = {
        "norm_attention.gain": "n1.g",
        "norm_feed.gain": "n2.g",
        "qkv.weight": "qkv.weight",
        "merge.weight": "o.weight",
        "gate_up.weight": "u.weight",
        "down.weight": "v.weight",
    }
    old_layers = len({name.split(".")[1] for name in weights if name.startswith("ls.")})
    for i in range(old_layers):
        for new, old in names.items():
            own[f"layers.{i}.{new}"] = weights[f"ls.{i}.{old}"]
    for i in range(old_layers, len(network.layers)):
        own[f"layers.{i}.merge.weight"] = torch.zeros(width, width)
        own[f"layers.{i}.down.weight"] = torch.zeros_like(own[f"layers.{i}.down.weight"])
    own["norm.gain"] = weights["n.g"]
    own["position"][COARSE_TOKENS:] = weights["pos"][: own["position"].shape[0] - COARSE_TOKENS]
    network.load_state_dict(own)
