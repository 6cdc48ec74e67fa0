"""Name -> Denoiser from weights/: the only reader and writer of weight files.

A weight file is `NAME.safetensors` with a card `NAME.json` beside it. The card fixes the architecture and the hash of
the file; the bytes are hashed before they are parsed, and keys, shapes, dtypes and finiteness are checked before a
single value is used. Nothing in a weight file can run code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.core.denoisers.wiener import Wiener
from explorer.core.networks.classifier import Classifier, ClassifierConfig
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import WeightsRefused

FOLDER = Path(__file__).resolve().parent.parent / "weights"
CLASSIFIER = "classifier"  # a kind of model, and the name of the one that is shipped
AUTOENCODER, AUTOENCODER_UNET = "autoencoder", "family-unet"  # kinds that explorer.autoencoders builds
T = TypeVar("T")
MAX_WEIGHTS_BYTES = 100 * 2**20  # bytes; no model of this project is near it


def names(folder: Path = FOLDER) -> list[str]:
    """The denoisers that have a card, sorted."""
    files = sorted(path.stem for path in folder.glob("*.safetensors"))
    return [name for name in files if card(name, folder)["kind"] in _BUILDERS]


def card(name: str, folder: Path = FOLDER) -> dict:
    """The card of a model. Raises WeightsRefused when there is none or it cannot be read."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise WeightsRefused("A model's name is made of letters, digits, hyphens and underscores.")
    try:
        fields = json.loads((folder / f"{name}.json").read_text())
    except (OSError, ValueError):
        raise WeightsRefused(f"There is no readable model card for '{name}'.") from None
    if not isinstance(fields, dict) or fields.get("kind") not in (
        *_BUILDERS,
        CLASSIFIER,
        AUTOENCODER,
        AUTOENCODER_UNET,
    ):
        raise WeightsRefused(f"The card of '{name}' does not name a kind of model that is known here.")
    return fields


def state_dict(name: str, folder: Path = FOLDER) -> dict[str, Tensor]:
    """The tensors of a model in float32, once the file's hash agrees with its card. Raises WeightsRefused."""
    expected = card(name, folder)
    path = folder / f"{name}.safetensors"
    try:
        if path.is_symlink() or path.stat().st_size > MAX_WEIGHTS_BYTES:
            raise WeightsRefused(f"The weight file of '{name}' is a link or larger than {MAX_WEIGHTS_BYTES >> 20} MB.")
        data = path.read_bytes()
    except OSError:
        raise WeightsRefused(f"The weight file of '{name}' is missing.") from None
    if hashlib.sha256(data).hexdigest() != expected.get("sha256"):
        raise WeightsRefused(f"The weight file of '{name}' is not the one its card describes: the hash differs.")
    tensors = parse_tensors(data, name)
    if any(str(t.dtype) != f"torch.{expected.get('dtype')}" for t in tensors.values()):
        raise WeightsRefused(f"The weight file of '{name}' holds numbers of another type than its card says.")
    return {key: tensor.float() for key, tensor in tensors.items()}


def parse_tensors(data: bytes, name: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file, all floating point and finite. Raises WeightsRefused."""
    try:
        tensors = parse_safetensors(data)
    except Exception:  # the parser raises several types of its own; all mean the same here
        raise WeightsRefused(f"The weight file of '{name}' is not a valid safetensors file.") from None
    if not all(t.is_floating_point() for t in tensors.values()):
        raise WeightsRefused(f"The weight file of '{name}' holds numbers that are not floating point.")
    if not all(bool(t.isfinite().all()) for t in tensors.values()):
        raise WeightsRefused(f"The weight file of '{name}' holds values that are not finite.")
    return tensors


def load(
    name: str, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32, folder: Path = FOLDER
) -> Denoiser:
    """The model as a Denoiser, called as denoiser(x, sigma, label=None); labels index the card's `classes`.

    `dtype` is what the network computes in; its input and output stay float32. Raises WeightsRefused.
    """
    denoiser = build(name, folder, _BUILDERS)
    if isinstance(denoiser, Preconditioned):
        denoiser.to(device).net.compute_in(dtype)
    return denoiser


def load_classifier(name: str = CLASSIFIER, folder: Path = FOLDER) -> Classifier:
    """The classifier that judges samples; its classes are the card's `classes`. Raises WeightsRefused."""
    return build(name, folder, {CLASSIFIER: _build_classifier})


def build(name: str, folder: Path, builders: dict[str, Callable[[dict, dict[str, Tensor]], T]]) -> T:
    """What the builder for the card's kind makes of the tensors. Raises WeightsRefused."""
    fields = card(name, folder)
    if fields["kind"] not in builders:
        raise WeightsRefused(f"'{name}' is a {fields['kind']}; a {' or '.join(builders)} is needed here.")
    tensors = state_dict(name, folder)
    try:
        return builders[fields["kind"]](fields, tensors)
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise WeightsRefused(f"The weight file of '{name}' does not fit the architecture in its card.") from None


def instantiate(make: Callable[[], torch.nn.Module], tensors: dict[str, Tensor]) -> torch.nn.Module:
    """A network with these tensors in it. Raises ValueError when keys or shapes differ."""
    with torch.device("meta"):  # shapes are compared before any memory is taken
        expected = make().state_dict()
    if {k: v.shape for k, v in expected.items()} != {k: v.shape for k, v in tensors.items()}:
        raise ValueError("keys or shapes differ")
    net = make()
    net.load_state_dict(tensors)
    return net


def _build_unet(fields: dict, tensors: dict[str, Tensor]) -> Denoiser:
    config = UNetConfig.from_json(fields["architecture"])
    net = instantiate(lambda: UNet(config), tensors)
    denoiser = Preconditioned(net, float(fields["sigma_data"]), len(fields["classes"]) - 1)
    return denoiser.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def _build_wiener(fields: dict, tensors: dict[str, Tensor]) -> Denoiser:
    if set(tensors) != {"psd", "mean"} or tensors["psd"].ndim != 2 or (tensors["psd"] <= 0).any():
        raise ValueError("a spectrum (C, R) and a mean (C,) are expected")
    return Wiener(tensors["psd"], tensors["mean"])


def _build_classifier(fields: dict, tensors: dict[str, Tensor]) -> Classifier:
    config = ClassifierConfig.from_json(fields["architecture"])
    if len(fields["classes"]) != config.classes:
        raise ValueError("as many names of classes are expected as there are classes")
    return instantiate(lambda: Classifier(config), tensors).eval().requires_grad_(False)


_BUILDERS = {"unet": _build_unet, "wiener": _build_wiener}


def save(folder: Path, name: str, tensors: dict[str, Tensor], fields: dict, dtype: torch.dtype) -> Path:
    """Write NAME.safetensors and its card; `fields` gets dtype, number of parameters, size and hash added."""
    data = to_safetensors({key: t.detach().to("cpu", dtype).contiguous() for key, t in tensors.items()})
    written = {
        "name": name,
        **fields,
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": sum(t.numel() for t in tensors.values()),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    path.write_bytes(data)
    path.with_suffix(".json").write_text(json.dumps(written, indent=2) + "\n")
    return path
