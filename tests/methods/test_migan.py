"""MI-GAN's pipeline: a small graph of the same inputs and outputs stands for the published file."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from inpaint import Inpainter, create_method
from inpaint.errors import WeightsError

_SIDES = ["n", 3, "h", "w"]


@pytest.fixture
def save_graph(tmp_path):
    def save(kind=onnx.TensorProto.UINT8, fill=200):
        """Hands out `fill` where the mask is 0, the picture elsewhere."""
        tensor = onnx.helper.make_tensor_value_info
        nodes = [
            onnx.helper.make_node("Equal", ["mask", "zero"], ["hole"]),
            onnx.helper.make_node("Where", ["hole", "fill", "image"], ["result"]),
        ]
        graph = onnx.helper.make_graph(
            nodes,
            "pipeline",
            [tensor("image", kind, _SIDES), tensor("mask", kind, ["n", 1, "h", "w"])],
            [tensor("result", kind, _SIDES)],
            [
                onnx.helper.make_tensor(name, kind, [], [value])
                for name, value in (("zero", 0), ("fill", fill))
            ],
        )
        opset = onnx.helper.make_opsetid("", 17)
        path = tmp_path / "migan_pipeline_v2.onnx"
        onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
        return path

    return save


def test_it_keeps_the_contract(save_graph, picture, hole):
    method = create_method(save_graph(), "cpu")
    assert (method.name, method.max_side) == ("migan_pipeline_v2", 512)
    for shape in ((1, 1), (70, 45)):
        image, mask = (picture(*shape) / 255).astype(np.float32), hole(*shape)
        out = method.fill(image, mask)
        assert (out.dtype, out.shape) == (np.float32, image.shape)
        assert np.allclose(out[mask], 200 / 255)  # of its mask, 0 is the hole and 255 is known
        assert np.allclose(out[~mask], image[~mask])


def test_it_restores_as_any_method_does(save_graph, picture, hole):
    image, mask = picture(80, 90), hole(80, 90)
    restored = Inpainter(save_graph()).restore_array(image, mask)
    assert np.array_equal(restored[~mask], image[~mask])
    assert (restored[mask] == 200).all()


def test_what_lies_under_the_hole_does_not_matter(tmp_path, picture, hole):
    tensor, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.UINT8
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["image"], ["result"])],
        "pipeline",
        [tensor("image", kind, _SIDES), tensor("mask", kind, ["n", 1, "h", "w"])],
        [tensor("result", kind, _SIDES)],
    )
    path = tmp_path / "same.onnx"
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    image, mask = (picture(20, 30) / 255).astype(np.float32), hole(20, 30)
    out = create_method(path).fill(image, mask)
    assert len(np.unique(out[mask])) == 1


@pytest.mark.parametrize("content", ["torn", "other"])
def test_another_graph_is_refused(content, save_graph):
    path = save_graph(onnx.TensorProto.FLOAT)
    if content == "torn":
        path.write_bytes(path.read_bytes()[:50])
    expected = {"torn": "exported", "other": r"nor MI-GAN's pipeline \(its inputs: image tensor"}
    with pytest.raises(WeightsError, match=rf"migan_pipeline_v2\.onnx: .*{expected[content]}"):
        create_method(path)
