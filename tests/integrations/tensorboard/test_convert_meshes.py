"""Meshes of event files: their parts stand in values of their own, in one event or in several, and are shown as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.plugins.mesh.metadata import create_summary_metadata as mesh_metadata  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402

from epochal_tensorboard._convert import views  # noqa: E402
from epochal_tensorboard._convert_meshes import Held, unfinished  # noqa: E402
from tests.integrations.tensorboard.event_values import events, others, shown  # noqa: E402

POINTS = np.random.default_rng(1).random((2, 4, 3)).astype(np.float32)
FACES = np.array([[[0, 1, 2]], [[1, 2, 3]]], np.int32)
COLORS = np.random.default_rng(2).integers(0, 255, (2, 4, 3)).astype(np.uint8)


def mesh_values(**arrays: np.ndarray) -> list[Any]:
    """Return the parts of a mesh as `tensorboard.plugins.mesh.summary_v2` lays them out."""
    parts = {"VERTEX": 1, "FACE": 2, "COLOR": 3}
    bits = sum(1 << parts[part] for part in arrays)
    return [
        Summary.Value(
            tag=f"m_{part}",
            metadata=mesh_metadata("m", None, parts[part], bits, array.shape, json_config="{}"),
            tensor=make_tensor_proto(array),
        )
        for part, array in arrays.items()
    ]


def test_parts_of_a_mesh_in_one_event_are_one_mesh_for_each_of_the_batch() -> None:
    parts = mesh_values(VERTEX=POINTS, FACE=FACES, COLOR=COLORS)
    first, second = shown(others(parts))["m"]
    np.testing.assert_array_equal(second.array[:, :3], POINTS[1])
    np.testing.assert_array_equal(second.array[:, 3:], COLORS[1])
    np.testing.assert_array_equal(first.faces, FACES[0])


def test_parts_of_a_mesh_in_events_of_their_own_belong_together() -> None:
    """That is how TensorFlow 2 writes them."""
    alone = [others([part], step) for step in (1, 2) for part in mesh_values(VERTEX=POINTS, FACE=FACES, COLOR=COLORS)]
    items = shown(*alone)["m"]
    assert len(items) == 4
    assert all(item.faces is not None and item.array.shape == (4, 6) for item in items)


def test_meshes_of_tensorboardx_are_shown_though_all_their_parts_are_floats(tmp_path: Path) -> None:
    tensorboardx = need("tensorboardX")
    with tensorboardx.SummaryWriter(str(tmp_path)) as writer:
        writer.add_mesh("scene/m", POINTS, colors=COLORS, faces=FACES, global_step=4)
        writer.add_mesh("points", POINTS[:1], global_step=4)
    found = shown(*events(tmp_path))
    np.testing.assert_array_equal(found["scene/m"][1].array[:, 3:], COLORS[1])
    np.testing.assert_array_equal(found["scene/m"][1].faces, FACES[1])
    assert len(found["points"]) == 1


def test_a_mesh_whose_points_are_missing_is_told_and_shown_not() -> None:
    faces = others(mesh_values(FACE=FACES))
    assert views(faces) == ([], ["'m' is not shown: a mesh without points"])


def test_a_mesh_whose_parts_do_not_all_come_is_told() -> None:
    held: Held = {}
    points, faces, _ = mesh_values(VERTEX=POINTS, FACE=FACES, COLOR=COLORS)
    for part in (points, faces):
        assert views(others([part], 1), held) == ([], [])
    sentence = "'m' is not shown: of a mesh COLOR did not come"
    assert unfinished(held) == [sentence]
    assert views(others([points], 2), held) == ([], [sentence])
