"""Muon (Jordan and others 2024, github.com/KellerJordan/Muon): momentum steps made orthogonal, for weights that are matrices.

In float32 throughout: torch's own does its maths in bfloat16, which takes a processor without it half of the whole step.
"""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5
LEAST_NORM = 1e-7
# With it a step is as large as AdamW's in the mean square (Liu and others 2025, arXiv 2502.16982).
STEP_OF_ADAM = 0.2


class Muon(torch.optim.Optimizer):
    def __init__(self, weights, lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                kept = state.setdefault("momentum_buffer", torch.zeros_like(weight))
                kept.lerp_(weight.grad, 1 - group["momentum"])
                # Nesterov's: a look ahead along what is kept.
                step = orthogonal(weight.grad.lerp(kept, group["momentum"]))
                size = STEP_OF_ADAM * max(weight.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-group["lr"] * size)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """A matrix with the singular vectors of this one and singular values of about 1, by Newton and Schulz's iteration."""
    a, b, c = COEFFICIENTS
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / x.norm().clamp(min=LEAST_NORM)
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if is_tall else x
