"""A run's weights among the shipped ones, with a card that says where they come from."""

from __future__ import annotations

import shutil

import pytest
import torch

from inpaint import weights
from inpaint.cli import main as inpaint
from inpaint.network import InpaintingNetwork, NetworkConfig
from train.ship import main


@pytest.fixture
def shipped_folder(tmp_path, monkeypatch):
    """A folder that stands in for the package's own, with AlexNet's features for LPIPS."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    shutil.copy(weights.weights_folder() / "alexnet_features.safetensors", folder)
    monkeypatch.setattr(weights, "weights_folder", lambda: folder)
    return folder


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    torch.manual_seed(0)
    network = InpaintingNetwork(NetworkConfig(encoder_options={"width": 8}))
    card = {"description": "tiny", "samples": 12, "data": "3 photos"}
    card["mean_of"] = [{"name": "a/weights.safetensors", "sha256": "0"}]
    weights.save_network(folder / "weights.safetensors", network, card)
    return folder


def test_weights_are_shipped_with_their_card(run, shipped_folder):
    assert main([str(run), "mine", "--dtype", "int8"]) == 0
    assert [info.name for info in weights.list_weights()] == ["mine"]
    card = (shipped_folder / "mine.md").read_text()
    assert "tiny" in card
    assert "| mean of | 1 x a/weights.safetensors |" in card
    assert weights.sha256(shipped_folder / "mine.safetensors") in card
    assert f"{sum(p.numel() for p in weights.load_network('mine').parameters()):,}" in card
    assert main(["mine", "--card-only"]) == 0
    assert (shipped_folder / "mine.md").read_text() == card


def test_auxiliary_outputs_are_left_behind(run, shipped_folder):
    torch.manual_seed(0)
    config = NetworkConfig(encoder_options={"width": 8}, decoder_options={"auxiliary": 2})
    network = InpaintingNetwork(config).eval()
    torch.nn.init.normal_(network.decoder.head.weight, std=0.1)
    weights.save_network(run / "weights.safetensors", network, {})
    assert main([str(run), "mine"]) == 0
    shipped = weights.load_network("mine")
    assert not [key for key in shipped.state_dict() if "auxiliary" in key]
    image, mask = torch.rand(1, 3, 40, 48), torch.ones(1, 1, 40, 48)
    torch.testing.assert_close(shipped(image, mask), network(image, mask), atol=5e-3, rtol=0)


def test_figures_come_from_a_report_of_these_weights(run, photos, shipped_folder, tmp_path):
    path = str(run / "weights.safetensors")
    command = ["evaluate", str(photos), "--masks", "thin", "--output", str(tmp_path / "report")]
    assert inpaint([*command, "--limit", "2", "--method", path, "telea"]) == 0
    report = str(tmp_path / "report" / "report.json")
    assert main([str(run), "mine", "--figures", report]) == 0
    card = (shipped_folder / "mine.md").read_text()
    assert "Means over 2 photos, masks thin, seed 20240" in card
    assert "| mine |" in card
    assert "| telea |" in card


def test_weights_that_ship_can_be_measured_again(run, photos, shipped_folder, tmp_path):
    assert main([str(run), "mine", "--description", "a network"]) == 0
    before = weights.load_network("mine").state_dict()
    command = ["evaluate", str(photos), "--masks", "thin", "--output", str(tmp_path / "report")]
    assert inpaint([*command, "--limit", "2", "--method", "mine", "telea"]) == 0
    assert main(["mine", "--card-only", "--figures", str(tmp_path / "report" / "report.json")]) == 0
    card = (shipped_folder / "mine.md").read_text()
    assert "Means over 2 photos, masks thin, seed 20240" in card
    assert weights.sha256(weights.find_weights("mine")) in card
    assert weights.read_card("mine")["description"] == "a network"
    after = weights.load_network("mine").state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_report_of_other_weights_is_refused(run, photos, shipped_folder, tmp_path, capsys):
    command = ["evaluate", str(photos), "--masks", "thin", "--output", str(tmp_path / "report")]
    assert inpaint([*command, "--limit", "1", "--method", "telea"]) == 0
    assert main([str(run), "mine", "--figures", str(tmp_path / "report" / "report.json")]) == 2
    assert "are not in the report" in capsys.readouterr().err
    assert main([str(run), "mine", "--figures", str(tmp_path / "nothing.json")]) == 2
    assert "not a report of inpaint evaluate" in capsys.readouterr().err
    assert weights.list_weights() == []


def test_a_run_without_weights_is_one_line(tmp_path, shipped_folder, capsys):
    assert main([str(tmp_path), "mine"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
