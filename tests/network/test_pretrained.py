"""Encoders that start from ImageNet weights in a file."""

from __future__ import annotations

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from inpaint.network import ENCODERS
from inpaint.weights import weights_folder


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    torch.manual_seed(3)
    network = torchvision.models.resnet18(weights=None)
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(network.state_dict(), path)
    return network.eval(), path


def test_the_files_numbers_are_the_encoders(resnet):
    network, path = resnet
    encoder = ENCODERS.create("resnet18", pretrained=path).eval()
    rgb = torch.rand(1, 3, 64, 96)
    stem = network.relu(network.bn1(network.conv1((rgb - encoder.mean) / encoder.std)))
    mask = torch.rand(1, 1, 64, 96)  # its weights start at zero, so any mask gives the same
    features = encoder(torch.cat((rgb, mask), 1))
    torch.testing.assert_close(features[0], stem)
    torch.testing.assert_close(features[1], network.layer1(network.maxpool(stem)))


def test_a_file_that_holds_features_only_will_do():
    path = weights_folder() / "alexnet_features.safetensors"
    encoder = ENCODERS.create("alexnet", pretrained=path, lrn=False)
    assert encoder.stages[0][0].weight[:, :3].std() > 0.1  # of trained kernels; fresh ones: 0.03


def test_weights_of_another_network_are_refused(resnet):
    with pytest.raises(ValueError, match=r"are not those of resnet50.*conv1"):
        ENCODERS.create("resnet50", pretrained=resnet[1])


def test_weights_that_end_too_early_are_refused(resnet, tmp_path):
    state = {k: v for k, v in resnet[0].state_dict().items() if not k.startswith("layer3")}
    save_file(state, tmp_path / "short.safetensors")
    with pytest.raises(ValueError, match=r"end before: 'layer3.* is missing"):
        ENCODERS.create("resnet18", pretrained=tmp_path / "short.safetensors", max_stride=16)
    ENCODERS.create("resnet18", pretrained=tmp_path / "short.safetensors", max_stride=8)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.safetensors"):
        ENCODERS.create("resnet18", pretrained=tmp_path / "nowhere.safetensors")
    with pytest.raises(ValueError, match=r"is a folder"):
        ENCODERS.create("resnet18", pretrained=tmp_path)


def test_a_file_as_torchvision_publishes_them(resnet, tmp_path):
    path = tmp_path / "resnet18.pth"
    torch.save(resnet[0].state_dict(), path)
    kernels = ENCODERS.create("resnet18", pretrained=path).stages[0][0].weight
    torch.testing.assert_close(kernels[:, :3], resnet[0].conv1.weight)


@pytest.mark.parametrize("content", ["torn", "a whole module", "a list"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_of_another_kind_is_refused(resnet, tmp_path, content, suffix):
    path = tmp_path / f"resnet18{suffix}"
    if content == "torn":
        path.write_bytes(b"hello")
    else:
        torch.save([1] if content == "a list" else resnet[0], path)
    with pytest.raises(ValueError, match=rf"resnet18\{suffix}"):
        ENCODERS.create("resnet18", pretrained=path)
