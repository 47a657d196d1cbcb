"""Encoders that start from ImageNet weights in a file."""

from __future__ import annotations

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from inpaint.network import ENCODERS


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    torch.manual_seed(3)
    network = torchvision.models.resnet18(weights=None)
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(
        {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}, path
    )
    state = {
        k: v.half().float() if v.is_floating_point() else v for k, v in network.state_dict().items()
    }
    network.load_state_dict(state)
    return network.eval(), path


def test_features_equal_torchvisions(resnet):
    network, path = resnet
    encoder = ENCODERS.create("resnet18", pretrained=path).eval()
    rgb = torch.rand(1, 3, 64, 96)
    x = (rgb - encoder.mean) / encoder.std
    stem = network.relu(network.bn1(network.conv1(x)))
    expected = [stem]
    for stage in (network.layer1, network.layer2, network.layer3):
        expected.append(stage(network.maxpool(stem) if len(expected) == 1 else expected[-1]))
    mask = torch.rand(1, 1, 64, 96)  # its weights start at zero, so any mask gives the same
    for feature, reference in zip(encoder(torch.cat((rgb, mask), 1)), expected, strict=True):
        torch.testing.assert_close(feature, reference)


def test_weights_of_another_network_are_refused(resnet):
    with pytest.raises(ValueError, match=r"are not those of resnet50: .* does not fit"):
        ENCODERS.create("resnet50", pretrained=resnet[1])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.safetensors"):
        ENCODERS.create("resnet18", pretrained=tmp_path / "nowhere.safetensors")
