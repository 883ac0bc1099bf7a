"""How a tensor's elements are spread, counted where the tensor is, without the device being waited for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from epochal import Histogram

BINS: Final = 64
#: Numbers before the counts: of elements, NaN, -inf and inf, then least, greatest, mean, standard deviation.
FACTS: Final = 8


def spread(tensor: Any) -> Any:
    """Return facts and counts of a tensor with elements, float64, shape (FACTS + BINS,), on its device.

    Bins are of equal width from the least to the greatest finite element. Elements are counted in float32, those of
    float64 and of integers of 32 bits and more in float64, which the device may do slowly.
    """
    import torch

    with torch.no_grad():
        flat = tensor.detach().reshape(-1)
        if flat.is_quantized:
            flat = flat.dequantize()
        wide = flat.dtype in (torch.float64, torch.int64, torch.int32, torch.uint32, torch.uint64) and (
            flat.device.type != "mps"
        )
        flat = flat.to(torch.float64 if wide else torch.float32)
        finite = torch.isfinite(flat)
        odd = ~finite
        number = finite.sum()
        # masked_fill, not where: that one would fetch its numbers from the host, and wait
        least = flat.masked_fill(odd, math.inf).amin()
        greatest = flat.masked_fill(odd, -math.inf).amax()
        width = greatest - least
        alone = width <= 0
        kept = torch.where(finite, flat, least)
        places = (kept - least) * (BINS / width).masked_fill(alone, 0.0)
        # one value alone goes into the middle; a width that overflows makes a NaN, whose bin is the first
        places = places.masked_fill(alone, BINS // 2).nan_to_num(0.0).clamp(0, BINS - 1).long()
        counts = torch.zeros(BINS, dtype=torch.int64, device=flat.device).scatter_add_(0, places, finite.long())
        mean = flat.masked_fill(odd, 0.0).sum(dtype=torch.float64) / number
        apart = (flat.double() - mean).masked_fill(odd, 0.0)
        std = (apart.square().sum() / number).sqrt()
        facts = [torch.full((), flat.numel(), device=flat.device), torch.isnan(flat).sum(), (flat == -math.inf).sum(),
                 (flat == math.inf).sum(), least, greatest, mean, std]  # fmt: skip
        return torch.cat((torch.stack([each.double() for each in facts]), counts.double()))


def histogram_of(numbers: Any) -> Histogram:
    """Return the media of what `spread` counted, a tensor on the CPU or a list."""
    from ._histogram import CountedHistogram

    return CountedHistogram(numbers if isinstance(numbers, list) else numbers.tolist())
