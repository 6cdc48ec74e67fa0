"""Weight files: name -> Denoiser. The only reader and writer of weights/.

A weight file `NAME.safetensors` has a card `NAME.json` beside it, with the architecture and the file's hash. The bytes
are hashed before they are parsed, and keys, shapes, number types and finiteness are checked before any value is used.
Nothing in a weight file or a card can run code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.multi_resolution import Level, MultiResolution
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.core.denoisers.wiener import Wiener
from explorer.core.networks.classifier import Classifier, ClassifierConfig
from explorer.core.networks.unet import UNet, UNetConfig
from explorer.errors import WeightsRefused

_INSTALLED, _CHECKOUT = (Path(__file__).resolve().parents[up] / name for up, name in enumerate(("_weights", "weights")))
FOLDER = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT  # the wheel holds weights/ inside the package
UNET_LEVEL = "unet-level"  # kind of a network that works at a lower resolution, for the model whose card names it
CLASSIFIER = "classifier"  # a kind of model, and the name of the one that is shipped
AUTOENCODER, AUTOENCODER_UNET = "autoencoder", "family-unet"  # kinds that explorer.autoencoders builds
MAX_WEIGHTS_BYTES = 100 * 2**20
MAX_CARD_BYTES = 2**18
MAX_LOWER_LEVELS = 4  # networks for lower resolutions that a card may name
MIN_SIGMA, MAX_SIGMA = 1e-4, 1e4  # data units; of every noise level and standard deviation in a card

T = TypeVar("T")
N = TypeVar("N", bound=nn.Module)
Card = dict[str, Any]
Tensors = dict[str, Tensor]
Builders = Mapping[str, Callable[[Card, Tensors], T]]


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the denoisers in the folder, sorted. Raise WeightsRefused for an unreadable card."""
    files = sorted(path.stem for path in folder.glob("*.safetensors"))
    return [name for name in files if card(name, folder)["kind"] in _BUILDERS]


def card(name: str, folder: Path = FOLDER) -> Card:
    """Return the card of a model. Raise WeightsRefused when it is missing or unreadable, or names no known kind."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise WeightsRefused("A model's name is made of letters, digits, hyphens and underscores.")
    path = folder / f"{name}.json"
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise WeightsRefused(f"The card of '{name}' is larger than {MAX_CARD_BYTES >> 10} kB.")
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # the last for brackets nested too deeply
        raise WeightsRefused(f"There is no readable model card for '{name}'.") from None
    kinds = (*_BUILDERS, UNET_LEVEL, CLASSIFIER, AUTOENCODER, AUTOENCODER_UNET)
    if not isinstance(fields, dict) or fields.get("kind") not in kinds:
        raise WeightsRefused(f"The card of '{name}' does not name a kind of model that is known here.")
    return fields


def state_dict(name: str, folder: Path = FOLDER) -> Tensors:
    """Return the tensors of a model in float32. Raise WeightsRefused where the file does not agree with its card."""
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


def parse_tensors(data: bytes, name: str) -> Tensors:
    """Return the tensors in the bytes of a safetensors file; `name` is the model's, for the message.

    Raise WeightsRefused unless the file is valid and all its values are finite floating-point numbers.
    """
    try:
        tensors = parse_safetensors(data)
    except Exception:  # the parser raises several types of its own
        raise WeightsRefused(f"The weight file of '{name}' is not a valid safetensors file.") from None
    if not all(t.is_floating_point() for t in tensors.values()):
        raise WeightsRefused(f"The weight file of '{name}' holds numbers that are not floating point.")
    if not all(bool(t.isfinite().all()) for t in tensors.values()):
        raise WeightsRefused(f"The weight file of '{name}' holds values that are not finite.")
    return tensors


def load(
    name: str,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    folder: Path = FOLDER,
    *,
    full_resolution: bool = False,
) -> Denoiser:
    """Return the model as a Denoiser, called as denoiser(x, sigma, label=None); labels index the card's `classes`.

    dtype: number type that the network computes in; its input and output stay float32. full_resolution: ignore the
    levels of a card that names networks for lower resolutions. Raise WeightsRefused.
    """
    denoiser = build(name, folder, _BUILDERS)
    levels = [] if full_resolution else card(name, folder).get("levels", [])
    if levels:
        denoiser = _with_levels(denoiser, levels, name, folder)
    if isinstance(denoiser, nn.Module):
        denoiser.to(device)
        for module in list(denoiser.modules()):
            if isinstance(module, UNet):
                module.compute_in(dtype)
    return denoiser


def identity(fields: Card) -> str:
    """Return the hash that stands for all weights of a model: its file's, or that of its files' hashes in turn."""
    hashes = [fields["sha256"], *(level["sha256"] for level in fields.get("levels", []))]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _with_levels(full: Denoiser, levels: object, name: str, folder: Path) -> Denoiser:
    """Return the network with those of lower resolutions that its card names. Raise WeightsRefused."""
    found = [Level(full, 1, 0.0)]
    try:
        if not isinstance(levels, list) or len(levels) > MAX_LOWER_LEVELS:
            raise ValueError("a list of few levels is expected")
        for level in levels:
            network = build(level["file"], folder, {UNET_LEVEL: _build_unet})
            own, expected = card(level["file"], folder), card(name, folder)
            if own["sha256"] != level["sha256"] or own["classes"] != expected["classes"]:
                raise ValueError("another file than the one that was measured")
            if type(level["reduction"]) is not int:
                raise ValueError("a reduction is a whole number of pixels")
            found.append(Level(network, level["reduction"], checked_sigma(level["sigma_from"])))
        return MultiResolution(found).eval()
    except (AttributeError, LookupError, TypeError, ValueError):
        raise WeightsRefused(f"The levels in the card of '{name}' do not fit the files beside it.") from None


def load_classifier(name: str = CLASSIFIER, folder: Path = FOLDER) -> Classifier:
    """Return the classifier that judges samples; its outputs index the card's `classes`. Raise WeightsRefused."""
    return build(name, folder, {CLASSIFIER: _build_classifier})


def build(name: str, folder: Path, builders: Builders[T]) -> T:
    """Return the model that the builder for the card's kind makes of card and tensors. Raise WeightsRefused.

    A builder may raise ValueError and the like for a card that is impossible or does not fit the tensors.
    """
    fields = card(name, folder)
    if fields["kind"] not in builders:
        raise WeightsRefused(f"'{name}' is a {fields['kind']}; a {' or '.join(builders)} is needed here.")
    tensors = state_dict(name, folder)
    try:
        return builders[fields["kind"]](fields, tensors)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        raise WeightsRefused(f"The weight file of '{name}' does not fit the architecture in its card.") from None


def instantiate(make: Callable[[], N], tensors: Tensors) -> N:
    """Return the network that make() returns, with these tensors. Raise ValueError when keys or shapes differ."""
    with torch.device("meta"):  # shapes are compared before any memory is allocated
        expected = make().state_dict()
    if {k: v.shape for k, v in expected.items()} != {k: v.shape for k, v in tensors.items()}:
        raise ValueError("keys or shapes differ")
    net = make()
    net.load_state_dict(tensors)
    return net


def channels_last(model: N) -> N:
    """Convert the weights of convolutions to the channels-last format in place and return the model."""
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's annotations


def checked_sigma(value: object) -> float:
    """Return a noise level or standard deviation of a card as a float, in data units.

    Raise ValueError unless it is a number from MIN_SIGMA to MAX_SIGMA; NaN and booleans are none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not MIN_SIGMA <= value <= MAX_SIGMA:
        raise ValueError(f"a noise level must be from {MIN_SIGMA:g} to {MAX_SIGMA:g}")
    return float(value)


def _class_names(fields: Card, count: int) -> list[str]:
    classes = fields["classes"]
    if not isinstance(classes, list) or len(classes) != count or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"the names of {count} classes are expected")
    return classes


def _build_unet(fields: Card, tensors: Tensors) -> Denoiser:
    config = UNetConfig.from_json(fields["architecture"])
    any_label = len(_class_names(fields, config.classes + 1)) - 1  # the last class is 'any'
    net = instantiate(lambda: UNet(config), tensors)
    denoiser = Preconditioned(net, checked_sigma(fields["sigma_data"]), any_label)
    return channels_last(denoiser.eval().requires_grad_(False))


def _build_wiener(fields: Card, tensors: Tensors) -> Denoiser:
    if set(tensors) != {"psd", "mean"} or tensors["psd"].ndim != 2 or (tensors["psd"] <= 0).any():
        raise ValueError("a spectrum (C, R) and a mean (C,) are expected")
    return Wiener(tensors["psd"], tensors["mean"])


def _build_classifier(fields: Card, tensors: Tensors) -> Classifier:
    config = ClassifierConfig.from_json(fields["architecture"])
    _class_names(fields, config.classes)
    return instantiate(lambda: Classifier(config), tensors).eval().requires_grad_(False)


_BUILDERS: Builders[Denoiser] = {"unet": _build_unet, "wiener": _build_wiener}


def save(folder: Path, name: str, tensors: Tensors, fields: Card, dtype: torch.dtype) -> Path:
    """Write NAME.safetensors and its card and return the path of the former; tensors are converted to `dtype`.

    fields: of the card; name, dtype, number of parameters, size and hash are added.
    """
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
