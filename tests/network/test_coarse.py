"""A coarse network fills the picture at half size first, and its fill takes the prefill's place."""

from __future__ import annotations

import pytest
import torch

from inpaint import weights
from inpaint.errors import WeightsError
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.network.prefill import pull, push, push_pull
from inpaint.network.summary import summarise

SMALL = {"encoder_options": {"width": 8}}


def build(**coarse) -> InpaintingNetwork:
    torch.manual_seed(0)
    return InpaintingNetwork(NetworkConfig(**SMALL, coarse={**SMALL, **coarse})).eval()


def feed(height: int = 50, width: int = 71) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    mask = torch.zeros(1, 1, height, width)
    mask[..., height // 4 : -height // 4, width // 3 : -width // 4] = 1
    return torch.rand(1, 3, height, width), mask


@pytest.mark.parametrize("size", [(64, 64), (50, 71), (9, 2)])
def test_one_that_adds_nothing_leaves_the_smooth_fill(size):
    image, mask = feed(*size)
    small, hole = push(image, mask)
    smooth = push_pull(small, hole) + push_pull(small.flip(-1), hole.flip(-1)).flip(-1)
    expected = pull(image, mask, smooth / 2)
    torch.testing.assert_close(build().prefilled(image, mask), expected)
    if size == (64, 64):  # of powers of two the mirror image's smooth fill is the same
        torch.testing.assert_close(expected, push_pull(image, mask))


def test_what_it_fills_stands_in_the_hole_and_nowhere_else():
    network = build()
    torch.nn.init.constant_(network.coarse.decoder.head.bias, 0.25)
    image, mask = feed(64, 64)
    raised = network.prefilled(image / 2, mask) - push_pull(image / 2, mask)
    assert raised[..., 20:30, 30:40].sub(0.25).abs().max() < 1e-5
    assert not (raised * (1 - mask)).any()
    image[mask.expand_as(image) > 0] = torch.nan
    assert network(image, mask).isfinite().all()


def test_a_mirror_image_is_filled_as_the_picture_is():
    network = build()
    torch.nn.init.normal_(network.coarse.decoder.head.weight)
    image, mask = feed(50, 72)
    found = network.prefilled(image, mask)
    mirrored = network.prefilled(image.flip(-1), mask.flip(-1)).flip(-1)
    torch.testing.assert_close(found, mirrored)
    assert not torch.allclose(found, push_pull(image, mask), atol=0.1)


def test_it_is_not_trained_along():
    network = build().train()
    assert not network.coarse.training
    assert network.encoder.training
    network(*feed()).mean().backward()
    assert all(p.grad is None for p in network.coarse.parameters())
    assert network.decoder.head.bias.grad is not None


def test_it_sees_two_pixels_for_one():
    coarse, alone = build(), InpaintingNetwork(NetworkConfig(**SMALL))
    fields = {layer.name: layer.receptive_field for layer in summarise(coarse, 64)}
    for layer in summarise(alone, 64):
        assert fields[layer.name] == layer.receptive_field
        assert fields[f"coarse.{layer.name}"] == 2 * layer.receptive_field


def test_its_weights_stand_in_the_same_file(tmp_path):
    network = build(noise=0.1)
    path = weights.save_network(tmp_path / "both.safetensors", network, {})
    again = weights.load_network(path)
    assert again.config == network.config
    with torch.inference_mode():
        assert again(*feed()).shape == (1, 3, 50, 71)
    assert "coarse" not in NetworkConfig(**SMALL).to_dict()


@pytest.mark.parametrize(
    "coarse", [{"coarse": SMALL}, {"encodr": "light"}, {"encoder": "none"}, [1]]
)
def test_one_that_cannot_be_is_refused(coarse, tmp_path):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        InpaintingNetwork(NetworkConfig(**SMALL, coarse=coarse))
    network = build()
    object.__setattr__(network.config, "coarse", coarse)
    path = weights.save_network(tmp_path / "liar.safetensors", network, {})
    with pytest.raises(WeightsError, match=r"liar\.safetensors"):
        weights.load_network(path)
