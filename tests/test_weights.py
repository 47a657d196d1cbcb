"""Weights files: what is written is what is read, and hostile files are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from inpaint import weights
from inpaint.errors import WeightsError
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.network.widths import read_widths


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    net = InpaintingNetwork(NetworkConfig(encoder_options={"width": 8}))
    torch.nn.init.normal_(net.decoder.head.weight, std=0.1)
    return net.eval()


@pytest.fixture
def saved(network, tmp_path):
    return weights.save_network(tmp_path / "net.safetensors", network, {"description": "tiny"})


def rewrite(path, change_tensors=None, card=None):
    """The file again, with other tensors or another card."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    if change_tensors:
        change_tensors(tensors)
    save_file(tensors, path, metadata if card is None else {"photomend": card})


def test_a_network_of_many_pruned_layers_comes_back(tmp_path):
    config = NetworkConfig("densenet121", max_channels=16, bottleneck_options={"dilations": [1]})
    pruned = replace(config, widths=read_widths(InpaintingNetwork(config)))
    pruned = InpaintingNetwork(replace(pruned, coarse=pruned.to_dict()))
    path = weights.save_network(tmp_path / "net.safetensors", pruned, {})
    assert weights.load_network(path).config == pruned.config


def test_a_network_of_too_many_layers_is_refused(saved):
    card = {"format_version": 1, "network": {"bottleneck_options": {"dilations": [1] * 5000}}}
    rewrite(saved, card=json.dumps(card))
    with pytest.raises(WeightsError, match="too long to be one"):
        weights.read_card(saved)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 2e-3), ("int8", 3e-2)])
def test_a_network_comes_back(network, tmp_path, dtype, tolerance):
    path = weights.save_network(tmp_path / "net.safetensors", network, {}, dtype=dtype)
    again = weights.load_network(path)
    image, mask = torch.rand(1, 3, 40, 40), (torch.rand(1, 1, 40, 40) > 0.7).float()
    with torch.inference_mode():
        assert (again(image, mask) - network(image, mask)).abs().max() < tolerance
    assert not again.training
    assert again.config == network.config


def test_int8_is_half_the_size(network, tmp_path):
    half = weights.save_network(tmp_path / "a.safetensors", network, {}, dtype="float16")
    byte = weights.save_network(tmp_path / "b.safetensors", network, {}, dtype="int8")
    assert byte.stat().st_size < 0.75 * half.stat().st_size


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_how_tensors_lie_in_memory_does_not_matter(network, tmp_path, dtype):
    path = weights.save_network(tmp_path / "plain.safetensors", network, {}, dtype=dtype)
    plain = weights.load_network(path).state_dict()
    network.to(memory_format=torch.channels_last)
    path = weights.save_network(tmp_path / "last.safetensors", network, {}, dtype=dtype)
    network.to(memory_format=torch.contiguous_format)
    for key, value in weights.load_network(path).state_dict().items():
        assert torch.equal(value, plain[key]), key


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_statistics_of_any_size_come_back(network, tmp_path, dtype):
    norm = next(m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d))
    norm.running_mean.fill_(1e5)  # beyond float16
    norm.running_var.fill_(1e-9)
    path = weights.save_network(tmp_path / "net.safetensors", network, {}, dtype=dtype)
    again = next(m for m in weights.load_network(path).modules() if type(m) is type(norm))
    assert torch.equal(again.running_mean, norm.running_mean)
    assert torch.equal(again.running_var, norm.running_var)


def test_the_card_is_read_without_tensors(saved):
    card = weights.read_card(saved)
    assert card["description"] == "tiny"
    assert card["format_version"] == weights.FORMAT_VERSION
    assert card["network"]["encoder"] == "light"


def test_writing_leaves_nothing_else_behind(saved):
    assert [p.name for p in saved.parent.iterdir()] == ["net.safetensors"]


def test_unknown_names_list_the_known(tmp_path):
    with pytest.raises(WeightsError, match="no weights named 'nothing'"):
        weights.find_weights("nothing")
    with pytest.raises(WeightsError, match=r"absent\.safetensors: no such"):
        weights.find_weights(tmp_path / "absent.safetensors")


def test_a_missing_tensor_is_named(saved):
    rewrite(saved, lambda tensors: tensors.pop("decoder.head.bias"))
    with pytest.raises(WeightsError, match=r"'decoder\.head\.bias' is missing"):
        weights.load_network(saved)


def test_a_tensor_too_many_is_named(saved):
    rewrite(saved, lambda tensors: tensors.update(extra=torch.zeros(1)))
    with pytest.raises(WeightsError, match="'extra' is not part"):
        weights.load_network(saved)


def test_a_wrong_shape_is_named(saved):
    rewrite(saved, lambda tensors: tensors.update({"decoder.head.bias": torch.zeros(5)}))
    with pytest.raises(WeightsError, match=r"shape \(5,\)"):
        weights.load_network(saved)


@pytest.mark.parametrize(
    "card",
    [
        "{",
        "[]",
        json.dumps({"format_version": 99}),
        json.dumps({"format_version": 1}),
        json.dumps({"format_version": 1, "network": {"encoder": "none"}}),
        json.dumps({"format_version": 1, "network": {"speed": 3}}),
        json.dumps({"format_version": 1, "network": []}),
    ],
)
def test_a_damaged_card_is_refused(saved, card):
    rewrite(saved, card=card)
    with pytest.raises(WeightsError, match=r"net\.safetensors"):
        weights.load_network(saved)


@pytest.mark.parametrize(("crop", "thickest"), [(64, 128), (128, 256), (512, 256), (None, None)])
def test_the_thickest_hole_follows_the_crops_up_to_256_pixels(network, tmp_path, crop, thickest):
    card = {"max_side": 300, "preset": {"data": {"size": crop} if crop else {}}}
    path = weights.save_network(tmp_path / "net.safetensors", network, card)
    assert weights.read_limits(path)[:2] == (300, thickest)


@pytest.mark.parametrize(
    ("losses", "adversary", "at_mean"),
    [
        ({"psnr": 0.3, "lpips": 0.0}, {"weight": 0.0}, True),
        ({"psnr": 0.3}, {}, True),
        ({"psnr": 0.3, "style": 0.1}, {"weight": 0.0}, False),
        ({"psnr": 0.3}, {"weight": 0.1}, False),
        ({"psnr": 0.3}, {"feature_matching": 1.0}, False),
        ({"hole_l1": 2.0, "psnr": 0.0}, {"weight": 0.0}, False),
        ("none", [], False),
    ],
)
def test_what_was_trained_for_a_small_error_is_mirrored_and_stays_as_it_is(
    network, tmp_path, losses, adversary, at_mean
):
    card = {"preset": {"data": {"size": 64}, "losses": losses, "adversary": adversary}}
    path = weights.save_network(tmp_path / "net.safetensors", network, card)
    limits = weights.read_limits(path)
    assert bool(limits.max_mirrored_area) == at_mean
    assert (limits.texture_from is None) == at_mean


def test_without_a_crop_size_there_is_no_texture(network, tmp_path):
    """It has an effect only beside a thickness that is too large."""
    path = weights.save_network(tmp_path / "net.safetensors", network, {"preset": {}})
    assert weights.read_limits(path)[1:] == (None, 0, None)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "junk.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"junk\.safetensors"):
        weights.read_card(path)


def test_other_safetensors_are_not_ours(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="not weights written by photomend"):
        weights.load_network(path)


def test_shipped_networks_are_within_the_limits():
    for info in weights.list_weights():
        network = weights.load_network(info.name)
        assert info.description
        assert sum(p.numel() for p in network.parameters()) <= 6_000_000
        assert info.path.with_suffix(".md").is_file(), "its card is missing"
    folder = weights.weights_folder()
    assert sum(p.stat().st_size for p in folder.iterdir()) <= 30 * 2**20
