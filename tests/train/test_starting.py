"""What a network begins with: weights of its own shape, of a narrower one, of another."""

from __future__ import annotations

import pytest
import torch

from inpaint import weights
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.network.widths import read_widths
from train.parallel import Workers
from train.preset import Preset, load_preset
from train.starting import start_from
from train.trainer import Trainer

NARROW = {"encoder_options": {"width": 4}, "bottleneck_options": {"dilations": [1, 2]}}


@pytest.fixture
def save(tmp_path):
    """Writes a network with weights as if it had been trained; its file and the network."""

    def write(options: dict) -> tuple[str, InpaintingNetwork]:
        torch.manual_seed(0)
        network = InpaintingNetwork(NetworkConfig(**options))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                drawn = torch.randn_like(tensor) * 0.2
                tensor.copy_(drawn.abs() + 0.5 if "running_var" in name else drawn)
        path = tmp_path / "start.safetensors"
        weights.save_network(path, network.eval(), {"description": "made for a test"})
        return str(path), weights.load_network(path)

    return write


def trainer(options: dict) -> Trainer:
    return Trainer(Preset(network=NetworkConfig(**options)), Workers(0, 1, torch.device("cpu")))


def test_a_start_that_paints_nothing_would_prove_nothing(save):
    _, start = save(NARROW)
    painted = start.decoded(torch.rand(1, 4, 48, 48))[0]
    assert painted.std() > 0.05


@pytest.mark.parametrize("convolution", ["3x3", "separable"])
@pytest.mark.parametrize(
    "more", [{}, {"decoder_options": {"blocks": 1}}, {"coarse": {"encoder_options": {"width": 4}}}]
)
def test_a_wider_network_begins_with_the_same_pictures(save, convolution, more):
    narrow = NARROW | {"bottleneck_options": {"dilations": [1, 2], "convolution": convolution}}
    path, start = save(narrow)
    wide = trainer(narrow | {"encoder_options": {"width": 6}} | more)
    copied, total = start_from(wide, path)
    assert copied == len(start.state_dict())
    assert (copied == total) == (not more)
    seen = torch.rand(2, 4, 40, 48)
    wanted = start.decoded(seen)[0]
    for network in (wide.network.eval(), wide.averaged.eval()):
        torch.testing.assert_close(network.decoded(seen)[0], wanted, atol=1e-3, rtol=0)
    # What is new learns: it is not zero.
    assert wide.network.encoder.stem[1][0].weight[4:].abs().max() > 0.01


def test_a_pruned_network_grows_back(save):
    left = read_widths(InpaintingNetwork(NetworkConfig(**NARROW)))
    path, start = save(NARROW | {"encoder_options": {"width": 6}, "widths": left})
    beginning = [f"run.start_from={path}"]
    other = load_preset("faithful", [*beginning, "network.bottleneck_options.dropout=0.1"])
    assert load_preset("faithful", beginning).network.widths == other.network.widths == left
    preset = load_preset("faithful", [*beginning, "network.encoder_options.width=8"])
    assert preset.network.widths == {}
    grown = Trainer(preset, Workers(0, 1, torch.device("cpu")))
    assert start_from(grown, path) == (len(start.state_dict()),) * 2
    image, mask = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    mask[..., 16:48, 8:40] = 1
    painted = grown.averaged.eval()(image, mask)
    torch.testing.assert_close(painted, start(image, mask), atol=1e-3, rtol=0)


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
