"""A small curve as SVG: drawn in the colour of the text around it, so that it can be read on light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WIDTH: Final = 160
HEIGHT: Final = 36
_MARGIN: Final = 3.0


def sparkline(x: NDArray[Any], y: NDArray[Any]) -> str:
    """Return the curve of y over x as an SVG element; "" where no two numbers are to be drawn.

    Args:
        x: ascending, shape (n,).
        y: shape (n,); what is no finite number leaves a gap.
    """
    import numpy as np

    across, up = x.astype(np.float64), y.astype(np.float64)
    usable = np.isfinite(across) & np.isfinite(up)
    if usable.sum() < 2:
        return ""
    across, up = _scaled(across, usable, WIDTH), HEIGHT - _scaled(up, usable, HEIGHT)
    lines = "".join(
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/>'
        if " " in points
        else f'<circle cx="{points.replace(",", chr(34) + " cy=" + chr(34))}" r="1.2" fill="currentColor"/>'
        for points in _stretches(across, up, usable)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-hidden="true">{lines}</svg>'
    )


def _scaled(values: NDArray[Any], usable: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the values as places between the margins."""
    # halves: the distance of two numbers may be more than a float can hold
    halves = values / 2
    low, high = halves[usable].min(), halves[usable].max()
    if high == low:
        return values * 0 + size / 2
    placed: NDArray[Any] = _MARGIN + (halves - low) / (high - low) * (size - 2 * _MARGIN)
    return placed


def _stretches(x: NDArray[Any], y: NDArray[Any], usable: NDArray[Any]) -> Iterator[str]:
    """Yield the points of each stretch without a gap."""
    points: list[str] = []
    for at, (across, up) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if usable[at]:
            points.append(f"{across:.1f},{up:.1f}")
        elif points:
            yield " ".join(points)
            points = []
    if points:
        yield " ".join(points)
