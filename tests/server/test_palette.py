"""The colours of runs: told apart with normal and with colour-blind eyes, and readable on their grounds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

PAGES: Final = Path(__file__).parents[2] / "server" / "epochal_server" / "pages"
#: What an eye sees of linear sRGB: Machado, Oliveira and Fernandes (2009), severity 1.
EYES: Final = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
#: Linear sRGB to OKLab (Ottosson 2020).
CONES: Final = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
OKLAB: Final = [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
]
LEAST_CONTRAST: Final = 3.0
#: Of each set the least distances that palette.js tells, in the order of EYES.
TOLD: Final = {
    "LIGHT": (0.152, 0.110, 0.108, 0.108),
    "LIGHT_MORE": (0.124, 0.089, 0.091, 0.089),
    "DARK": (0.183, 0.132, 0.131, 0.130),
    "DARK_MORE": (0.165, 0.119, 0.118, 0.120),
}


def colours(name: str) -> list[str]:
    found = re.search(rf"const {name} = \[(.*?)\]", (PAGES / "js" / "palette.js").read_text(encoding="utf-8"))
    assert found is not None
    return re.findall(r"#[0-9a-f]{6}", found[1])


def grounds(dark: bool) -> list[str]:
    """Return the colours of page and panel, which theme.css has for both themes, the light one first."""
    text = (PAGES / "css" / "theme.css").read_text(encoding="utf-8")
    return [re.findall(rf"--{name}: (#[0-9a-f]{{6}})", text)[int(dark)] for name in ("ground", "surface")]


def linear(colour: str) -> Any:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def seen(colour: str, eye: str) -> Any:
    light = np.clip(np.array(EYES[eye]) @ linear(colour), 0, 1)
    return np.array(OKLAB) @ np.cbrt(np.array(CONES) @ light)


def least_distance(of: Sequence[str], eye: str) -> float:
    pairs = itertools.combinations([seen(colour, eye) for colour in of], 2)
    return min(float(np.linalg.norm(one - other)) for one, other in pairs)


def contrast(one: str, other: str) -> float:
    """Return WCAG's ratio of two colours."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", TOLD)
def test_the_least_distance_of_two_colours_is_as_told_for_every_eye(name: str) -> None:
    found = [least_distance(colours(name), eye) for eye in EYES]
    assert found == pytest.approx(TOLD[name], abs=0.001)
    told = " ".join(f" {distance:.3f}" for distance in TOLD[name]).strip()
    assert re.search(rf"{name} +{told}", (PAGES / "js" / "palette.js").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TOLD)
def test_every_colour_stands_out_from_page_and_panel(name: str) -> None:
    assert len(colours(name)) == 8
    for colour, ground in itertools.product(colours(name), grounds("DARK" in name)):
        assert contrast(colour, ground) >= LEAST_CONTRAST, (colour, ground)
