"""The claim that a code can be limited without being small: by quantising it, or by a price on what it holds."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims._autoencoders import Load, autoencoder, small_pictures
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.networks.autoencoder import Autoencoder
from explorer.core.networks.autoencoder_conv import VectorQuantised, jacobian_norm


@claim(
    "C06", text="A", quote="introducing quantisation",
    shown="line-up and codes: quantised, variational and contractive autoencoders with bits, nats and Jacobians",
    prediction="the quantised one's output follows from its code map alone to the last bit, so that it holds at most "
    "tokens * log2 K bits, 512; the variational one's KL is finite and above 0 nats for every picture; the contractive "
    "one's Jacobian is smaller than its plain twin's (Frobenius norm), and also over the spread of the code",
)  # fmt: skip
def limited_codes(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure ratios, bits, nats (van den Oord et al. 2017; Kingma & Welling 2014; Rifai et al. 2011).

    A code may be scaled down and its decoder scaled up, which makes the Jacobian small and changes nothing; hence the
    norm over the root of the code's total variance. The interval comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    ours, twin = (_jacobian(load(name), x0) for name in ("ae-contractive", "ae-conv-64"))

    def relative(rows: NDArray[np.int64]) -> float:
        return float(ours[0][rows].mean() / twin[0][rows].mean() * twin[1] / ours[1])

    norm, scaled = ours[0].mean() / twin[0].mean(), relative(np.arange(len(x0)))
    bits, differing = _bits(load("vq-vae"), x0)
    with torch.inference_mode():
        nats = load("vae").kl(x0).double().sum(1).numpy()
    finite = bool(np.isfinite(nats).all())
    measured = {
        "contractive: Jacobian over spread of the code, over the twin's": scaled,
        "contractive: Jacobian over the twin's": norm,
        "quantised: bits": bits,
        "quantised: largest change of the output when made of the code map": differing,
        "variational: least KL of a picture, nats": nats.min() if finite else -1.0,
        "variational: mean KL, nats": nats.mean() if finite else -1.0,
    }
    held = differing == 0 and bits == 512 and finite and nats.min() > 0
    return verdict("C06", measured, max(norm, scaled) < 1 and held, bootstrap(relative, len(x0)))


def _jacobian(autoencoder: Autoencoder, x0: Tensor) -> tuple[Array, float]:
    """||d code / d x||_F by picture, (N,), and the root of the code's total variance over the pictures."""
    with torch.inference_mode():
        code = autoencoder.encode(x0).double()
    return jacobian_norm(autoencoder, x0.clone()).numpy(), float(code.var(0).sum().sqrt())


@torch.inference_mode()
def _bits(quantised: VectorQuantised, x0: Tensor) -> tuple[float, float]:
    """tokens * log2 K, and by how much the output differs from what the decoder makes of the chosen vectors."""
    tokens, kinds = quantised.tokens(x0), len(quantised.codebook)
    output = quantised.decode(quantised.codebook[tokens].flatten(1))  # nothing but rows of the codebook
    bits = tokens[0].numel() * math.log2(kinds)
    return bits, float((quantised(x0, 0.0) - output).abs().max())
