"""A small curve as SVG: drawn in the colour of the text around it, so that it can be read on light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH: Final = 160
HEIGHT: Final = 36
_MARGIN: Final = 3.0


def sparkline(x: NDArray[Any], y: NDArray[Any]) -> str:
    """Return the curve of y over x as an SVG element; "" where no two numbers are to be drawn.

    Args:
        x: ascending, shape (n,).
        y: shape (n,); what is no finite number is left out.
    """
    import numpy as np

    across, up = x.astype(np.float64), y.astype(np.float64)
    usable = np.isfinite(across) & np.isfinite(up)
    if usable.sum() < 2:
        return ""
    across, up = _scaled(across[usable], WIDTH), HEIGHT - _scaled(up[usable], HEIGHT)
    points = " ".join(f"{right:.1f},{down:.1f}" for right, down in zip(across.tolist(), up.tolist(), strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-hidden="true"><polyline points="{points}" fill="none" stroke="currentColor" '
        'stroke-width="1.3" stroke-linejoin="round"/></svg>'
    )


def _scaled(values: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the values as places between the margins."""
    import numpy as np

    with np.errstate(under="ignore"):
        halves = values / 2  # the distance of two numbers may be more than a float can hold
    low, high = halves.min(), halves.max()
    if high == low:
        return values * 0 + size / 2
    placed: NDArray[Any] = _MARGIN + (halves - low) / (high - low) * (size - 2 * _MARGIN)
    return placed
