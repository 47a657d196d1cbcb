"""The mean of several weights of one network, where that is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inpaint import weights
from inpaint.network import InpaintingNetwork, NetworkConfig
from train.average import main


def save(folder, name: str, seed: int, width: int = 8, dilations=(1, 2), coarse=False) -> str:
    torch.manual_seed(seed)
    options = {"dilations": list(dilations)}
    config = NetworkConfig(encoder_options={"width": width}, bottleneck_options=options)
    if coarse:
        config = replace(config, coarse=config.to_dict())
    network = InpaintingNetwork(config)
    for value in network.buffers():
        if value.is_floating_point():  # statistics, as if it had been trained
            value.uniform_(0.5, 2)
    card = {"description": f"seed {seed}", "samples": seed, "figures": {}, "parameters": 1}
    return str(weights.save_network(folder / f"{name}.safetensors", network, card))


def state(name: str) -> dict[str, torch.Tensor]:
    return weights.load_network(name).state_dict()


def test_every_tensor_is_the_mean(tmp_path):
    a, b, c = (save(tmp_path, name, seed) for seed, name in enumerate("abc"))
    assert main([a, b, c, "--output", str(tmp_path / "run")]) == 0
    mean = tmp_path / "run" / "weights.safetensors"
    for key, value in state(mean).items():
        wanted = (state(a)[key].float() + state(b)[key] + state(c)[key]) / 3
        torch.testing.assert_close(value.float(), wanted, atol=1e-3, rtol=1e-3)  # 16 bits


def test_the_card_says_what_it_is_the_mean_of(tmp_path):
    a, b = save(tmp_path, "a", 1), save(tmp_path, "b", 2)
    assert main([a, b, "--output", str(tmp_path)]) == 0
    card = weights.read_card(tmp_path / "weights.safetensors")
    assert card["description"] == "seed 1"
    parts = [
        {"name": f"{tmp_path.name}/{name}.safetensors", "sha256": weights.sha256(path)}
        for name, path in (("a", a), ("b", b))
    ]
    assert card["mean_of"] == parts
    assert not {"figures", "parameters"} & card.keys()  # were the first's


def test_what_only_deeper_networks_have_is_the_mean_over_them(tmp_path):
    deep, deeper = (save(tmp_path, n, i, dilations=(1, 2, 4)) for i, n in enumerate("ab"))
    flat = save(tmp_path, "flat", 2)
    assert main([deep, flat, deeper, "--output", str(tmp_path / "run")]) == 0
    mean, one, other = (state(n) for n in (tmp_path / "run" / "weights.safetensors", deep, deeper))
    added = one.keys() - state(flat).keys()
    assert added
    for key in added:
        torch.testing.assert_close(
            mean[key].float(), (one[key].float() + other[key]) / 2, atol=1e-3, rtol=1e-3
        )


def test_a_coarse_network_stays_the_firsts(tmp_path):
    a, b = (save(tmp_path, name, seed, coarse=True) for seed, name in enumerate("ab"))
    assert main([a, b, "--output", str(tmp_path / "run")]) == 0
    mean, own = state(tmp_path / "run" / "weights.safetensors"), state(a)
    for key, value in mean.items():
        if value.is_floating_point() and value.std() > 0 and key.endswith("0.weight"):
            assert torch.equal(value, own[key]) == key.startswith("coarse.")


def test_other_networks_have_no_mean(tmp_path, capsys):
    deep, flat = save(tmp_path, "deep", 1, dilations=(1, 2, 4)), save(tmp_path, "flat", 2)
    wide, dense = save(tmp_path, "wide", 3, width=16), save(tmp_path, "dense", 4, dilations=(1, 1))
    cascade, folder = save(tmp_path, "cascade", 5, coarse=True), tmp_path / "weights.safetensors"
    folder.write_bytes(Path(flat).read_bytes())
    (tmp_path / "file").write_text("no folder")
    for names, output, said in (
        ([flat, deep], "run", "name it before"),
        ([flat, wide], "run", "another encoder"),
        ([flat, dense], "run", "another bottleneck"),
        ([cascade, flat], "run", "coarse network"),
        ([flat], "run", "at least two"),
        ([flat, str(tmp_path / "none.safetensors")], "run", "none.safetensors"),
        ([flat, flat], "file", "cannot create"),
        ([flat, str(folder)], "", "one of the weights to average"),
    ):
        assert main([*names, "--output", str(tmp_path / output)]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kept", ["weights.safetensors", "other"])
def test_a_folder_is_written_into_and_loses_nothing_else(tmp_path, kept):
    a, b = save(tmp_path, "a", 1), save(tmp_path, "b", 2)
    run = tmp_path / "run"
    run.mkdir()
    (run / kept).write_text("here before")
    assert main([a, b, "--output", str(run)]) == 0
    assert state(run / "weights.safetensors")
    assert kept == "weights.safetensors" or (run / kept).read_text() == "here before"
