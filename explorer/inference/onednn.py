"""Convolutions with weights packed once for oneDNN, for inference on the CPU.

By default oneDNN reorders a convolution's weights in every call; for one small picture that takes as long as the
convolution itself. Packed weights are the same numbers, and the result is the same. PyTorch's public way to packed
weights (`torch.utils.mkldnn`) gives up the channels-last format of the pictures, which costs more than it saves. The
operator used here, that of PyTorch's compiler, preserves the format but is not public. Every layer is therefore
compared with the plain one when it is packed, and stays plain where anything differs.

A 1x1 convolution is a matrix product over channels and is computed as one: packed, it would need another layout for
batches of more than one small picture, and one such layer then took two fifths of a pass of two.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PACKING_SIDE_PIXELS = 8  # of the picture that a layer is packed and compared for; other sizes work too


class PackedConv(nn.Module):
    """An nn.Conv2d with zero padding, for inference on the CPU: (B, C, H, W) -> (B, C', H', W')."""

    bias: Tensor | None

    def __init__(self, conv: nn.Conv2d) -> None:
        """Pack the weights. Raise whatever PyTorch raises where it cannot."""
        super().__init__()
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)
        self.geometry = (list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)
        sample = [1, conv.in_channels, PACKING_SIDE_PIXELS, PACKING_SIDE_PIXELS]
        reorder: Callable[..., Tensor] = torch._C._nn.mkldnn_reorder_conv2d_weight  # its annotation lacks the sample
        self.weight = reorder(conv.weight.detach().to_mkldnn(), *self.geometry, sample)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._convolution_pointwise(x, self.weight, self.bias, *self.geometry, "none", [], "")


class PointwiseConv(nn.Module):
    """A 1x1 nn.Conv2d as a matrix product, fastest for channels-last tensors: (B, C, H, W) -> (B, C', H, W)."""

    bias: Tensor | None
    weight: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)
        self.register_buffer("weight", conv.weight.detach()[:, :, 0, 0].contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


def pack_convolutions(model: nn.Module) -> nn.Module:
    """Pack the convolutions of a model in place, wherever the result stays the same, and return the model."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Conv2d and child.padding_mode == "zeros":
                setattr(parent, name, _packed_or_plain(child))
    return model


def _is_pointwise(conv: nn.Conv2d) -> bool:
    return (conv.kernel_size, conv.stride, conv.padding, conv.groups) == ((1, 1), (1, 1), (0, 0), 1)


@torch.no_grad()
def _packed_or_plain(conv: nn.Conv2d) -> nn.Module:
    """The packed layer, or the plain one where packing fails or changes the result by more than rounding."""
    side = PACKING_SIDE_PIXELS
    x = torch.linspace(-1, 1, conv.in_channels * side**2).reshape(1, conv.in_channels, side, side)
    x = x.to(conv.weight.dtype).contiguous(memory_format=torch.channels_last)
    try:
        layer = PointwiseConv(conv) if _is_pointwise(conv) else PackedConv(conv)
        found, expected = layer(x).float(), conv(x).float()
    except Exception:  # another processor, another build of PyTorch
        return conv
    rounding = max(torch.finfo(conv.weight.dtype).eps, 1e-5)  # of sums of thousands of products
    if found.shape != expected.shape or (found - expected).abs().max() > rounding * expected.abs().max():
        return conv
    return layer
