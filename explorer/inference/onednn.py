"""Convolutions in the form that the CPU computes fastest: no call rearranges their weights.

oneDNN reorders a convolution's weights for every call; for one small picture that takes as long as the convolution
itself. The packed weights are the same numbers, and so is the result. PyTorch's own way to such weights
(`torch.utils.mkldnn`) gives up the channels-last format of the pictures, which costs more than it saves; the operator
that keeps it is the one that the compiler of PyTorch uses, and is not part of its public face. Every layer is
therefore compared with the plain one when it is packed, and stays plain where anything differs.

A convolution of 1x1 is a matrix product over channels, and is computed as one. Packed, it would want another layout
for more than one small picture, and one such layer then took two fifths of a pass of two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PACKING_SIDE_PIXELS = 8  # pixels of the picture that a layer is packed for; others are served too


class PackedConv(nn.Module):
    """What nn.Conv2d with zero padding computes, for inference on the CPU."""

    def __init__(self, conv: nn.Conv2d) -> None:
        """Raises whatever PyTorch raises where it cannot do this."""
        super().__init__()
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)
        self.geometry = (list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)
        sample = [1, conv.in_channels, PACKING_SIDE_PIXELS, PACKING_SIDE_PIXELS]
        self.weight = torch._C._nn.mkldnn_reorder_conv2d_weight(
            conv.weight.detach().to_mkldnn(), *self.geometry, sample
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._convolution_pointwise(x, self.weight, self.bias, *self.geometry, "none", [], "")


class PointwiseConv(nn.Module):
    """What nn.Conv2d of 1x1 computes, fastest for channels-last tensors."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)
        self.register_buffer("weight", conv.weight.detach()[:, :, 0, 0].contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


def _is_pointwise(conv: nn.Conv2d) -> bool:
    return (conv.kernel_size, conv.stride, conv.padding, conv.groups) == ((1, 1), (1, 1), (0, 0), 1)


def pack_convolutions(model: nn.Module) -> nn.Module:
    """The model itself, for inference on the CPU: its convolutions are packed where that changes no result."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Conv2d and child.padding_mode == "zeros":
                setattr(parent, name, _same_or(child))
    return model


@torch.no_grad()
def _same_or(conv: nn.Conv2d) -> nn.Module:
    """The packed layer, or the plain one when it cannot be packed or differs by more than a rounding."""
    x = torch.linspace(-1, 1, conv.in_channels * PACKING_SIDE_PIXELS**2).reshape(
        1, conv.in_channels, PACKING_SIDE_PIXELS, PACKING_SIDE_PIXELS
    )
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
