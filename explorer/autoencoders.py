"""The autoencoders that the explorer compares: their names and properties, and name -> Denoiser.

All of them take pictures (B, 3, 32, 32) in data units, were trained on the same ones, and are called as
denoiser(x, sigma, label=None); most of them ignore sigma.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from explorer import weights
from explorer.core.networks.autoencoder import Autoencoder, CodeConfig, Identity, Linear, PrincipalComponents
from explorer.core.networks.autoencoder_conv import Convolutional, Variational, VectorQuantised
from explorer.core.networks.autoencoder_dense import Dense, Stacked
from explorer.core.networks.autoencoder_unet import WIRINGS, Specialist, UNetDenoiser
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import WeightsRefused

FOLDER = weights.FOLDER / "autoencoders"

IDEAS: dict[str, type[Autoencoder]] = {
    "identity": Identity,
    "linear": Linear,
    "principal components": PrincipalComponents,
    "convolutional": Convolutional,
    "variational": Variational,
    "vector-quantised": VectorQuantised,
    "dense": Dense,
    "stacked": Stacked,
}


@dataclass(frozen=True)
class AutoencoderInfo:
    """The properties of an autoencoder that are known before it is loaded."""

    title: str
    group: str  # one of GROUPS
    code: str  # description of the code, for people
    file: str  # name of the weight file
    numbers: int = 0  # numbers in the code, 0 without one
    sigma: float | None = None  # noise level of its training, data units; None: no noise, or many levels
    mask: float = 0.0  # share of pixels masked in its training


GROUPS = ("no bottleneck", "linear", "convolutional", "regularised", "one noise level", "dense, as in the history",
          "all noise levels", "skips cut")  # fmt: skip

CODE_SIZES = (4, 16, 64, 256)
DAE_SIGMAS = {"010": 0.1, "025": 0.25, "050": 0.5, "100": 1.0, "200": 2.0}  # of their noise, data units
NO_CODE = "none: skip connections carry every scale"


def _registry() -> dict[str, AutoencoderInfo]:
    def info(
        name: str, title: str, group: int, code: str, numbers: int = 0,
        file: str = "", sigma: float | None = None, mask: float = 0.0,
    ) -> None:  # fmt: skip
        found[name] = AutoencoderInfo(title, GROUPS[group], code, file or name, numbers, sigma, mask)

    found: dict[str, AutoencoderInfo] = {}
    info("ae-identity", "Identity", 0, "3072 numbers, as many as the picture", 3072)
    for k in CODE_SIZES:
        info(f"pca-{k}", f"PCA, {k}", 1, f"{k} principal components", k, file="pca")
        info(f"ae-linear-{k}", f"Linear, {k}", 1, f"{k} numbers", k)
    for k in CODE_SIZES:
        info(f"ae-conv-{k}", f"Bottleneck, {k}", 2, f"{k} numbers", k)
    info("vae", "Variational", 3, "a Gaussian over 64 numbers", 64)
    info("vq-vae", "Vector-quantised", 3, "8x8 tokens of 256 kinds: 512 bits")
    info("ae-contractive", "Contractive", 3, "64 numbers that resist change", 64)
    for name, sigma in DAE_SIGMAS.items():
        info(f"dae-{name}", f"Denoising at {sigma:g}", 4, NO_CODE, sigma=sigma)
    info("dae-mask", "Masking, half the pixels", 4, NO_CODE, mask=0.5)
    info("dae-dense", "Dense denoising at 0.5", 5, "128 rectified units", 128, sigma=0.5)
    info("dae-scheduled", "Scheduled, noise 2 to 0.5", 5, "128 rectified units", 128, sigma=0.5)
    info("dae-composite", "Composite, noise 2 to 0.25", 5, "4 parts of 32 rectified units", 128)
    info("dae-stacked", "Stacked, two layers", 5, "128 units on top of 128", 128, sigma=0.5)
    info("blind", "Blind", 6, NO_CODE)
    info("conditional", "Noise-conditional: diffusion", 6, NO_CODE)
    info("unet-noskip", "Conditional, skips cut", 7, "64 channels at 4x4: 1024 numbers", 1024)
    info("unet-bottleneck", "Conditional, bottleneck", 7, "4 channels at 4x4: 64 numbers", 64)
    return found


AUTOENCODERS: dict[str, AutoencoderInfo] = _registry()


def load_autoencoder(name: str, device: str | torch.device = "cpu", folder: Path = FOLDER) -> torch.nn.Module:
    """Return the named autoencoder as a Denoiser; an `Autoencoder` where it has a code. Raise WeightsRefused."""
    info = AUTOENCODERS.get(name)
    if info is None:
        raise WeightsRefused(f"There is no autoencoder named '{name[:40]}'.")
    model = weights.build(info.file, folder, BUILDERS)
    if isinstance(model, PrincipalComponents):
        try:
            model.truncate(info.numbers)
        except ValueError:
            raise WeightsRefused(f"The weight file of '{info.file}' holds fewer components.") from None
    return model.to(device).eval().requires_grad_(False)


def _build_autoencoder(fields: weights.Card, tensors: weights.Tensors) -> Autoencoder:
    config, idea = CodeConfig.from_json(fields["architecture"]), IDEAS[fields["idea"]]
    return weights.instantiate(lambda: idea(config), tensors)


def _build_unet(fields: weights.Card, tensors: weights.Tensors) -> UNetDenoiser:
    config, wiring = UNetConfig.from_json(fields["architecture"]), WIRINGS[fields["wiring"]]
    level = weights.checked_sigma(fields["level"]) if wiring is Specialist else fields["level"]
    if level is not None and wiring is not Specialist:
        raise ValueError("only a specialist has a fixed noise level")
    net = weights.instantiate(lambda: UNet(config), tensors)
    denoiser = wiring(net, weights.checked_sigma(fields["sigma_data"]), level)
    return weights.channels_last(denoiser)


BUILDERS: weights.Builders[Autoencoder | UNetDenoiser] = {
    weights.AUTOENCODER: _build_autoencoder,
    weights.AUTOENCODER_UNET: _build_unet,
}
