"""What each autoencoder of fixed size is trained to make small, as functions of one batch.

    plain           MSE
    variational     d / 2 ln(MSE) + KL, per value: minus the evidence bound with the best decoder variance
    quantised       MSE + |z - e|^2 for the codebook + 0.25 |z - e|^2 for the encoder, straight through the choice
    contractive     MSE + rate * ||J||_F^2 / tr Cov(code), J the encoder's Jacobian (Rifai et al. 2011)
    denoising       MSE of the estimate from a noisy picture; its level may fall from `noise` to `noise_end`
    layer by layer  the first layer's denoising error, then the second's (Vincent et al. 2010, section 3.5)

The contraction is measured against the spread of the code, since shrinking the code alone would also make J small. The
expectation of ||J v||^2 over white v is ||J||_F^2 (Hutchinson 1990).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.core.networks.autoencoder import PICTURE_VALUES, Autoencoder
from explorer.core.networks.autoencoder_conv import Variational, VectorQuantised
from explorer.core.networks.autoencoder_dense import Dense, Stacked
from explorer.train.code_recipe import CodeRecipe

COMMITMENT_WEIGHT = 0.25
CODE_MASK_RATE = 0.25  # share of the first layer's code that is set to 0 for the second to undo
RESTART_INTERVAL_STEPS = 50  # between looks for entries of the codebook that nothing chooses
NOISE_FALLS_UNTIL = 0.8  # share of the training after which the noise schedule stays at its end
RESTARTS_UNTIL = 0.5  # share of the training


def plain(model: Autoencoder, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the mean squared error of the reconstruction."""
    return F.mse_loss(model(x0), x0)


def variational(model: Variational, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return minus the evidence bound per value of the picture, up to a constant, in nats (Kingma & Welling 2014)."""
    mean, log_variance = model.posterior(x0)
    code = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=draws)
    kl = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
    return F.mse_loss(model.decode(code), x0).log() / 2 + kl / PICTURE_VALUES


def quantised(model: VectorQuantised, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the error through the nearest entries, whose gradient passes to the encoder unchanged, plus both pulls.

    van den Oord et al. 2017, eq. 3.
    """
    vectors = model.vectors(x0)
    if int(done * recipe.images / recipe.batch) % RESTART_INTERVAL_STEPS == 0 and done < RESTARTS_UNTIL:
        _restart(model, vectors.detach().flatten(0, -2), draws)
    chosen = F.embedding(model.nearest(vectors), model.codebook)
    through = vectors + (chosen - vectors).detach()
    pull = F.mse_loss(chosen, vectors.detach()) + COMMITMENT_WEIGHT * F.mse_loss(vectors, chosen.detach())
    return F.mse_loss(model.decode(through.flatten(1)), x0) + pull


@torch.no_grad()
def _restart(model: VectorQuantised, vectors: Tensor, draws: torch.Generator) -> None:
    """Put the entries that no vector (N, k) of the batch is nearest to on vectors of the batch."""
    unused = (torch.bincount(model.nearest(vectors), minlength=len(model.codebook)) == 0).nonzero().flatten()
    picked = torch.randperm(len(vectors), generator=draws)[: len(unused)]
    model.codebook[unused[: len(picked)]] = vectors[picked]


def contractive(model: Autoencoder, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the error plus the price on how far the code moves when the picture does (Rifai et al. 2011)."""
    some = x0[: max(1, len(x0) // 4)].contiguous()  # a quarter will do for an estimate of a mean
    probe = torch.randn(some.shape, generator=draws)
    code, moved = model.encode(x0), torch.func.jvp(model.encode, (some,), (probe,))[1]
    spread = (code - code.mean(0)).square().sum(1).mean()
    return F.mse_loss(model.decode(code), x0) + recipe.contraction * moved.square().sum(1).mean() / spread


def denoising(model: Dense, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the error of the estimate from a noisy picture.

    The level falls by equal ratios over the first 80 % of training, or stays (Geras & Sutton 2014).
    """
    sigma = recipe.noise * (recipe.noise_end / recipe.noise) ** min(1.0, done / NOISE_FALLS_UNTIL)
    return F.mse_loss(model(x0 + sigma * torch.randn(x0.shape, generator=draws)), x0)


def composite(model: Dense, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the error from parts that each see the picture at a noise level of their own (Geras & Sutton 2016).

    Parts join one after another over the first 80 % of training, that of the highest noise first.
    """
    levels = composite_levels(recipe, len(model.parts))
    active = min(len(levels), 1 + int(done / NOISE_FALLS_UNTIL * len(levels)))
    noisy = [x0 + sigma * torch.randn(x0.shape, generator=draws) for sigma in levels[:active]]
    return F.mse_loss(model.decode(model.encode_parts(noisy)), x0)


def composite_levels(recipe: CodeRecipe, parts: int) -> list[float]:
    """Return the noise level of each part, from `noise` to `noise_end` by equal ratios, data units."""
    return [recipe.noise * (recipe.noise_end / recipe.noise) ** (i / max(1, parts - 1)) for i in range(parts)]


def layer_by_layer(model: Stacked, x0: Tensor, draws: torch.Generator, recipe: CodeRecipe, done: float) -> Tensor:
    """Return the first layer's error in the first half of training, then the second's, the first being frozen.

    The first undoes noise on the picture, the second masked numbers of the first's code, relative to that code's power.
    """
    if done < 0.5:
        noisy = x0 + recipe.noise * torch.randn(x0.shape, generator=draws)
        return F.mse_loss(model.from_first(model.hidden(noisy)), x0)
    with torch.no_grad():
        code = model.hidden(x0)
    masked = code * (torch.rand(code.shape, generator=draws) >= CODE_MASK_RATE)
    return F.mse_loss(model.first_from_second(model.second(masked)), code) / code.square().mean()
