"""Networks of others: an untrained LaMa stands for the files that people have."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from inpaint import Inpainter, create_method
from inpaint.errors import MethodError, WeightsError

spandrel = pytest.importorskip("spandrel")


@pytest.fixture(scope="module")
def lama(tmp_path_factory):
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("others") / "lama.pth"
    torch.save(LaMa(in_nc=4, out_nc=3).state_dict(), path)
    return path


def test_it_keeps_the_contract(lama, picture, hole):
    method = create_method(lama, "cpu")
    assert (method.name, method.max_side) == ("lama", 1024)
    for shape in ((1, 1), (70, 45)):
        image, mask = (picture(*shape) / 255).astype(np.float32), hole(*shape)
        out = method.fill(image, mask)
        assert out.dtype == np.float32
        assert out.shape == image.shape
        image[mask] = 0.25  # what lies under the hole does not matter
        assert np.array_equal(method.fill(image, mask), out)


def test_it_restores_as_any_method_does(lama, picture, hole):
    image, mask = picture(80, 90), hole(80, 90)
    restored = Inpainter(lama).restore_array(image, mask)
    assert np.array_equal(restored[~mask], image[~mask])
    assert not np.array_equal(restored[mask], image[mask])


@pytest.mark.parametrize("content", ["torn", "other", "code"])
def test_what_is_no_such_network_is_refused(content, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("gone").touch, ())

    path = tmp_path / "net.pth"
    if content == "torn":
        path.write_bytes(b"no weights")
    else:
        torch.save({"x": torch.ones(1)} if content == "other" else Evil(), path)
    with pytest.raises(WeightsError, match=r"net\.pth: no inpainting network that is known"):
        create_method(path)
    assert not (tmp_path / "gone").exists()


def test_what_cannot_be_is_said(lama, tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match=r"none\.ckpt: no such file"):
        create_method(tmp_path / "none.ckpt")
    with pytest.raises(MethodError, match="only torch runs"):
        create_method(lama, runtime="openvino")
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(MethodError, match=r"pip install 'photomend\[others\]'"):
        create_method(lama)
