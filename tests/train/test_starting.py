"""What a network begins with: weights of its own shape, of a narrower one, of another."""

from __future__ import annotations

import pytest
import torch

from inpaint import weights
from inpaint.network import InpaintingNetwork, NetworkConfig
from train.parallel import Workers
from train.preset import Preset
from train.starting import start_from
from train.trainer import Trainer

NARROW = {"encoder_options": {"width": 4}, "bottleneck_options": {"dilations": [1, 2]}}


@pytest.fixture
def save(tmp_path):
    """Writes a network with weights as if it had been trained; its file and the network."""

    def write(options: dict) -> tuple[str, InpaintingNetwork]:
        torch.manual_seed(0)
        network = InpaintingNetwork(NetworkConfig(**options))
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) * 0.2 + 0.01)
        path = tmp_path / "start.safetensors"
        weights.save_network(path, network.eval(), {"description": "made for a test"})
        return str(path), weights.load_network(path)

    return write


def trainer(options: dict) -> Trainer:
    return Trainer(Preset(network=NetworkConfig(**options)), Workers(0, 1, torch.device("cpu")))


@pytest.mark.parametrize("convolution", ["3x3", "separable"])
def test_a_wider_network_begins_with_the_same_pictures(save, convolution):
    bottleneck = {"dilations": [1, 2], "convolution": convolution}
    narrow = NARROW | {"bottleneck_options": bottleneck}
    path, start = save(narrow)
    wide = trainer(narrow | {"encoder_options": {"width": 6}})
    copied, total = start_from(wide, path)
    assert copied == total
    image, mask = torch.rand(2, 3, 40, 48), torch.zeros(2, 1, 40, 48)
    mask[:, :, 8:30, 10:40] = 1
    for network in (wide.network.eval(), wide.averaged.eval()):
        torch.testing.assert_close(network(image, mask), start(image, mask), atol=1e-4, rtol=0)
    # What is new learns: some of it is not zero.
    assert wide.network.encoder.stem[1][0].weight[4:].abs().min() > 0


def test_where_channels_stand_side_by_side_only_equal_layers_are_copied(save):
    narrow = NARROW | {"bottleneck_options": {"dilations": [1], "convolution": "inception"}}
    path, _ = save(narrow)
    copied, total = start_from(trainer(narrow | {"encoder_options": {"width": 6}}), path)
    assert 0 < copied < total


def test_of_another_network_equal_layers_are_copied(save):
    path, start = save(NARROW)
    other = trainer(NARROW | {"bottleneck": "channelwise_fc", "bottleneck_options": {"grid": 4}})
    copied, total = start_from(other, path)
    assert 0 < copied < total
    stem = "encoder.stem.1.0.weight"
    torch.testing.assert_close(other.network.state_dict()[stem], start.state_dict()[stem])
