"""Presets: what is written is what is read, and a wrong value is named."""

from __future__ import annotations

import pytest

from inpaint import weights
from inpaint.errors import TrainingError
from inpaint.network import InpaintingNetwork
from train.preset import (
    Preset,
    list_presets,
    load_preset,
    preset_from_dict,
    preset_of_weights,
    preset_to_toml,
)


@pytest.mark.parametrize("name", list_presets())
def test_every_shipped_preset_builds_its_network(name):
    preset = load_preset(name)
    assert preset.description
    InpaintingNetwork(preset.network)


@pytest.mark.parametrize("name", list_presets())
def test_written_and_read_again_it_is_the_same(name, tmp_path):
    preset = load_preset(name, ["run.seed=7", 'losses.features_file=a "quoted" name'])
    path = tmp_path / "preset.toml"
    path.write_text(preset_to_toml(preset), encoding="utf-8")
    assert load_preset(path) == preset


def test_the_network_of_the_weights_can_be_changed_and_is_not_thrown_away():
    shipped = load_preset("faithful").network
    changed = load_preset("faithful", ["network.bottleneck_options.dropout=0.1"]).network
    assert shipped.encoder_options == changed.encoder_options != {}
    assert changed.bottleneck_options["dropout"] == 0.1


def test_another_coarse_network_takes_the_place_of_the_shipped_one():
    shipped = load_preset("finetune").network
    asked = ["run.coarse_from=vgg11"]
    changed = load_preset("finetune", asked)
    assert shipped.coarse["encoder"] == "light"
    assert changed.network.coarse["encoder"] == "vgg11"
    assert load_preset("finetune", [*asked, "network.coarse={}"]) == changed
    # Written out and read again, it is the same.
    assert preset_from_dict(changed.to_dict()) == changed
    with pytest.raises(TrainingError, match=r"run\.coarse_from: default has a coarse network"):
        load_preset("finetune", ["run.coarse_from=default"])


@pytest.mark.parametrize("info", weights.list_weights(), ids=lambda info: info.name)
def test_shipped_cards_have_a_preset_of_today(info):
    assert preset_of_weights(info.name).network.to_dict() == weights.read_config(info.name)


def test_a_preset_that_extends_another_takes_the_network_of_its_own_start(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "finetune"\n[run]\nstart_from = "alexnet"\n')
    assert load_preset(path).network.encoder == "alexnet"
    assert load_preset("finetune", ["run.start_from=vgg11"]).network.encoder == "vgg11"


def test_a_preset_extends_another_key_by_key(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "cpu"\n[data]\nsize = 64\n[network.encoder_options]\nwidth = 8\n')
    mine, base = load_preset(path), load_preset("cpu")
    assert mine.data.size == 64
    assert mine.data.window == base.data.window
    assert mine.network.encoder_options == {"width": 8}
    assert mine.losses == base.losses
    path.write_text('extends = "cpuu"')
    with pytest.raises(TrainingError, match="did you mean 'cpu'"):
        load_preset(path)


def test_auxiliary_outputs_and_their_loss_go_together():
    with pytest.raises(TrainingError, match=r"losses\.auxiliary"):
        load_preset("cpu", ["network.decoder_options.auxiliary=2"])
    with pytest.raises(TrainingError, match=r"losses\.auxiliary"):
        load_preset("cpu", ["losses.auxiliary=0.3"])
    load_preset("cpu", ["losses.auxiliary=0.3", "network.decoder_options.auxiliary=2"])


def test_overrides_take_toml_values_and_plain_words():
    preset = load_preset("cpu", ["run.batch=8", "data.window=[1, 1.5]", "losses.features=alexnet"])
    assert preset.run.batch == 8
    assert preset.data.window == (1.0, 1.5)
    assert preset.losses.features == "alexnet"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"run": {"bacth": 3}}, r"unknown key 'run\.bacth'; did you mean 'batch'"),
        ({"rum": {}}, "unknown key 'rum'; did you mean 'run'"),
        ({"run": {"batch": "many"}}, r"run\.batch must be a whole number, not 'many'"),
        ({"run": {"batch": 2.5}}, r"run\.batch must be a whole number"),
        ({"run": {"compile": 1}}, r"run\.compile must be true or false"),
        ({"run": 3}, "run must be a section"),
        ({"run": {"batch": 0}}, r"run\.batch must be at least 1"),
        ({"data": {"window": [1]}}, r"data\.window must be a list of 2"),
        ({"data": {"window": [2, 1]}}, r"data\.window must be two rising"),
        ({"data": {"size": 512}}, r"data\.photo_side must be at least"),
        ({"data": {"masks": {"everyd": 1.0}}}, "did you mean 'everyday'"),
        ({"losses": {"features": "vgg"}}, "did you mean 'vgg16'"),
        ({"losses": {"hole_l1": -1}}, r"losses\.hole_l1 must be at least 0"),
        ({"optimiser": {"name": "adma"}}, "did you mean 'adam"),
        ({"adversary": {"kind": "feature"}}, "did you mean 'features'"),
        ({"adversary": {"betas": [2, 3]}}, r"adversary\.betas must be two numbers"),
        ({"adversary": {"weight": -1}}, r"adversary\.weight must be at least 0"),
        ({"losses": {"lpips": 1}}, r"losses\.lpips must be 0 with .*vgg16"),
        ({"losses": {"style": 1}, "data": {"size": 24}}, r"data\.size must be at least 32"),
    ],
)
def test_a_wrong_value_is_named(values, message):
    with pytest.raises(TrainingError, match=message):
        preset_from_dict(values)


def test_a_wrong_override_is_named():
    with pytest.raises(TrainingError, match=r"expected section\.key=value"):
        load_preset("cpu", ["run.batch"])
    with pytest.raises(TrainingError, match="'batch' is a value"):
        load_preset("cpu", ["run.batch.size=3"])


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(TrainingError, match="no preset 'cup'; did you mean 'cpu'"):
        load_preset("cup")


def test_a_preset_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[run\n")
    with pytest.raises(TrainingError, match=r"mine\.toml: not a readable TOML"):
        load_preset(path)


def test_values_are_not_written_to():
    values = {"run": {"batch": 8}}
    preset_from_dict(values, ["run.batch=4"])
    assert values == {"run": {"batch": 8}}


def test_defaults_are_a_preset():
    assert preset_from_dict({}) == Preset()
