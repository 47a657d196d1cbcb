"""Pruning: a smaller dense network, that is saved, exported and trained as any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from inpaint import create_method, weights
from inpaint.errors import TrainingError, WeightsError
from inpaint.network import InpaintingNetwork, NetworkConfig, count_gmac, count_parameters
from inpaint.network.widths import read_widths
from inpaint.onnx_graph import write_graph
from train.preset import load_preset, preset_from_dict, preset_to_toml, read_toml
from train.prune import main, prune

pytest.importorskip("torch_pruning")


def build(**options) -> InpaintingNetwork:
    torch.manual_seed(0)
    network = InpaintingNetwork(NetworkConfig(**{"encoder_options": {"width": 16}, **options}))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


def feed() -> tuple[torch.Tensor, torch.Tensor]:
    mask = torch.zeros(1, 1, 70, 90)
    mask[..., 20:50, 30:60] = 1
    return torch.rand(1, 3, 70, 90), mask


@pytest.mark.parametrize("keep", [0.8, 0.4])
def test_it_keeps_the_share_asked_for(keep):
    network = build()
    gmac, parameters = count_gmac(network, 128), count_parameters(network)
    smaller = prune(network, keep)
    assert keep - 0.15 < count_gmac(smaller, 128) / gmac <= keep
    assert count_parameters(smaller) < parameters
    assert all(w % 8 == 0 for w in smaller.encoder.channels)


@pytest.mark.parametrize("encoder", ["alexnet", "densenet121", "mobilenet_v2", "resnet18"])
def test_groups_of_classic_encoders_go_together(encoder):
    smaller = prune(build(encoder=encoder, encoder_options={}, max_channels=32), 0.7)
    image, mask = feed()
    with torch.inference_mode():
        assert smaller(image, mask).shape == image.shape
    features = smaller.encoder(torch.rand(1, 4, 96, 96))
    assert [f.shape[1] for f in features] == list(smaller.encoder.channels)


def test_what_is_left_computes_the_same_and_comes_back_from_its_file(tmp_path):
    smaller = prune(build(), 0.5)
    path = weights.save_network(tmp_path / "small.safetensors", smaller, {})
    again = weights.load_network(path)
    assert again.config.widths == smaller.config.widths
    image, mask = feed()
    with torch.inference_mode():
        torch.testing.assert_close(again(image, mask), smaller(image, mask), atol=5e-3, rtol=0)


def test_it_may_be_pruned_again(tmp_path):
    smaller = prune(build(), 0.7)
    gmac = count_gmac(smaller, 128)
    smallest = prune(smaller, 0.7)
    assert count_gmac(smallest, 128) <= 0.7 * gmac
    weights.load_network(weights.save_network(tmp_path / "a.safetensors", smallest, {}))


def test_it_runs_without_torch(tmp_path):
    path = weights.save_network(tmp_path / "small.safetensors", prune(build(), 0.5), {})
    write_graph(path)
    image, mask = (x[0].permute(1, 2, 0).numpy() for x in feed())
    fills = [create_method(path, "cpu", r).fill(image, mask[..., 0] > 0) for r in ("auto", "torch")]
    np.testing.assert_allclose(*fills, atol=1e-4)


def test_by_taylor_channels_that_do_nothing_go_first():
    network = build()
    conv = network.bottleneck[0].inner[0]
    channels = conv.out_channels
    with torch.no_grad():  # large weights, but what they make is thrown away
        conv.weight[:16] *= 10
        network.bottleneck[0].conv.weight[:, :16] = 0
    image, mask = feed()
    target = torch.rand_like(image)

    def backward():
        (network(image, mask) - target).square().mean().backward()

    smaller = prune(network, 0.95, "taylor", backward)
    assert smaller.bottleneck[0].inner[0].out_channels <= channels - 16


@pytest.mark.parametrize(
    "options", [{}, {"encoder": "resnet18", "encoder_options": {}, "max_channels": 32}]
)
def test_a_pruned_network_grows_by_blocks_that_change_nothing_yet(options, tmp_path):
    smaller = prune(build(**options), 0.5)
    blocks = {"decoder_options": {"blocks": 1}}
    larger = InpaintingNetwork(replace(smaller.config, **blocks)).eval()
    missing, unknown = larger.load_state_dict(smaller.state_dict(), strict=False)
    assert not unknown
    assert all(name.startswith("decoder.refine.") for name in missing)
    image, mask = feed()
    with torch.inference_mode():
        assert torch.equal(larger(image, mask), smaller(image, mask))
    path = weights.save_network(tmp_path / "larger.safetensors", larger, {})
    assert count_parameters(weights.load_network(path)) == count_parameters(larger)
    again = prune(larger, 0.7)
    path = weights.save_network(tmp_path / "again.safetensors", again, {})
    assert count_parameters(weights.load_network(path)) == count_parameters(again)


@pytest.mark.parametrize("importance", ["magnitude", "taylor"])
def test_a_coarse_network_stays_as_it_is(importance):
    network = build(coarse={"encoder_options": {"width": 8}})
    coarse = {name: value.clone() for name, value in network.coarse.state_dict().items()}
    image, mask = feed()

    def backward():
        network(image, mask).square().mean().backward()

    before = count_gmac(network, 128)
    smaller = prune(network, 0.5, importance, backward)
    assert count_gmac(smaller, 128) <= 0.5 * before
    assert not any(name.startswith("coarse.") for name in smaller.config.widths)
    assert_close(dict(smaller.coarse.state_dict()), coarse, rtol=0, atol=0)


def test_more_than_a_coarse_network_takes_is_kept():
    network = build(coarse={"encoder_options": {"width": 32}})
    with pytest.raises(TrainingError, match="so much is the coarse network's"):
        prune(network, 0.3)


@pytest.mark.parametrize(
    ("keep", "importance", "said"),
    [(1.5, "magnitude", "between 0 and 1"), (0.5, "luck", "luck"), (0.001, "magnitude", "no less")],
)
def test_what_cannot_be_done_is_said(keep, importance, said):
    with pytest.raises(TrainingError, match=said):
        prune(build(), keep, importance)


def test_a_network_that_cannot_be_followed_is_named():
    with pytest.raises(TrainingError, match="shufflenet_v2: cannot be pruned"):
        prune(build(encoder="shufflenet_v2", encoder_options={}, max_channels=32), 0.5)


@pytest.mark.parametrize(
    "widths",
    [
        {"encoder.nothing": [4]},
        {"encoder.stem.1.0": [16, 400]},
        {"encoder.stem.1.0": [16, 0]},
        {"encoder.stem.1.0": [16]},
        {"encoder.stem.1.0": 16},
        {"encoder.stem.1.1": [True]},
    ],
)
def test_a_file_cannot_lie_about_its_widths(widths, tmp_path):
    network = build()
    network.config = replace(network.config, widths=widths)
    path = weights.save_network(tmp_path / "liar.safetensors", network, {})
    with pytest.raises(WeightsError, match="cannot be rebuilt"):
        weights.load_network(path)


def test_widths_stand_in_presets(tmp_path):
    smaller = prune(build(), 0.6)
    preset = replace(load_preset("lesson"), network=smaller.config)
    (tmp_path / "pruned.toml").write_text(preset_to_toml(preset))
    again = preset_from_dict(read_toml(tmp_path / "pruned.toml"))
    assert read_widths(InpaintingNetwork(again.network)) == read_widths(smaller)


def test_the_command_prunes_and_trains_further(photos, tiny, tmp_path, capsys):
    network = InpaintingNetwork(tiny.network)
    torch.nn.init.normal_(network.decoder.head.weight, std=0.02)
    card = {"preset": tiny.to_dict(), "description": "tiny"}
    path = weights.save_network(tmp_path / "tiny.safetensors", network, card)
    run = tmp_path / "run"
    command = ["--weights", str(path), "--data", str(photos), "--output", str(run)]
    assert main([*command, "--keep", "0.8", "--samples", "8"]) == 0
    pruned, trained = (weights.read_card(run / f"{n}.safetensors") for n in ("pruned", "weights"))
    assert pruned["network"] == trained["network"]
    assert "pruned: 80% of tiny's" in pruned["description"]
    assert trained["samples"] == 8
    capsys.readouterr()
    assert main([*command, "--keep", "0.8"]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert main([*command, "--keep", "2"]) == 2
