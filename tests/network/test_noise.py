"""Noise in the hole: the same every time, in the hole alone, and against repetition."""

from __future__ import annotations

import json
import math

import pytest
import torch

from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.network.graph import NetworkGraph

SIDE = 96
STRIDE = 8


def network(**config) -> InpaintingNetwork:
    """Whose decoder shows what the encoder saw."""
    torch.manual_seed(0)
    net = InpaintingNetwork(NetworkConfig(**config))
    torch.nn.init.normal_(net.decoder.head.weight, std=0.05)
    return net.eval()


def flat_picture_with_a_thick_hole():
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., 4:-4, 4:-4] = 1
    return torch.full((1, 3, SIDE, SIDE), 0.4), mask


def repetition(picture: torch.Tensor) -> float:
    """How far the middle is from itself one stride on, as a share of how far it is from flat."""
    middle = picture[..., 40:56, 40:56]
    moved = picture[..., 40 + STRIDE : 56 + STRIDE, 40:56]
    return ((middle - moved).abs().mean() / (middle - middle.mean()).abs().mean()).item()


def test_a_thick_hole_repeats_itself_only_without_noise():
    # Few dilations, so that the middle of the hole sees nothing but hole.
    options = {"bottleneck_options": {"dilations": [1]}}
    image, mask = flat_picture_with_a_thick_hole()
    assert repetition(network(**options)(image, mask)) < 1e-3
    assert repetition(network(**options, noise=0.05)(image, mask)) > 0.1


def test_the_same_photo_is_filled_the_same_way_twice():
    net, picture = network(noise=0.1), flat_picture_with_a_thick_hole()
    assert torch.equal(net(*picture), net(*picture))


def test_a_training_step_moves_the_noise():
    net, picture = network(noise=0.1).train(), flat_picture_with_a_thick_hole()
    assert not torch.equal(net(*picture), net(*picture))


def test_noise_is_in_the_hole_alone_and_not_in_the_fill_that_is_added_to():
    net = InpaintingNetwork(NetworkConfig(noise=0.5)).eval()
    image, mask = flat_picture_with_a_thick_hole()
    assert torch.equal(net(image, mask), net.prefill(image, mask))  # its head is still zero
    quiet, noisy = network(), network(noise=0.5)
    nothing = torch.zeros_like(mask)
    assert torch.equal(quiet(image, nothing), noisy(image, nothing))


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (150, 141)])  # within the tile, and beyond
def test_the_graph_for_export_has_the_same_noise(shape):
    net = network(noise=0.1)
    torch.manual_seed(2)
    image, mask = torch.rand(1, 3, *shape), torch.zeros(1, 1, *shape)
    mask[..., 5:-30, 20:-5] = 1
    with torch.no_grad():
        assert torch.allclose(NetworkGraph(net)(image, mask), net(image, mask), atol=1e-5)


def test_weights_with_and_without_noise_have_the_same_tensors():
    assert network().state_dict().keys() == network(noise=0.1).state_dict().keys()


def test_a_network_without_noise_does_not_speak_of_it():
    assert "noise" not in NetworkConfig().to_dict()
    values = json.loads(json.dumps(NetworkConfig(noise=0.1).to_dict()))
    assert NetworkConfig(**values).noise == 0.1


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan, math.inf])
def test_noise_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="noise must be above 0"):
        InpaintingNetwork(NetworkConfig(noise=value))
