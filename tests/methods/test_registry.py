"""Methods are chosen by name, and a wrong choice is explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inpaint import create_method, list_methods, weights
from inpaint.errors import MethodError, WeightsError
from inpaint.methods import MethodInfo


def test_networks_come_first_and_default_leads(monkeypatch):
    infos = [weights.WeightsInfo(n, Path(f"{n}.safetensors"), {}) for n in ("default", "portraits")]
    monkeypatch.setattr(weights, "list_weights", lambda: infos)
    listed = list_methods()
    names = ["default", "portraits", "telea", "navier-stokes", "biharmonic"]
    assert [info.name for info in listed] == names
    assert [info.kind for info in listed] == ["network"] * 2 + ["classical"] * 3
    assert all(isinstance(info, MethodInfo) for info in listed)


def test_two_methods_of_one_name_are_an_error(monkeypatch):
    info = weights.WeightsInfo("telea", Path("telea.safetensors"), {})
    monkeypatch.setattr(weights, "list_weights", lambda: [info])
    with pytest.raises(MethodError, match="2 methods named 'telea'"):
        list_methods()


@pytest.mark.parametrize("name", ["telea", "navier-stokes", "biharmonic"])
@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_classical_methods_by_name(name, device):
    assert create_method(name, device).name == name


def test_an_unknown_name_names_the_choices_and_the_nearest():
    with pytest.raises(MethodError, match="did you mean 'navier-stokes'") as caught:
        create_method("navier_stoke")
    assert "biharmonic" in str(caught.value)
    with pytest.raises(MethodError) as caught:
        create_method("zzz")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["net.pkl", Path("folder/net.h5"), Path("x")])
def test_a_file_of_another_kind(name):
    with pytest.raises(MethodError, match=r"\.safetensors"):
        create_method(name)


def test_a_weights_file_that_is_not_there(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        create_method(tmp_path / "none.safetensors")


def test_devices_are_checked_for_every_method():
    for device in ("gpu", "cuda:999", "", "cpu:x"):
        with pytest.raises(MethodError, match="device"):
            create_method("telea", device)


def test_an_object_with_the_contract_is_taken_as_it_is():
    class Mine:
        name = "mine"
        max_side = None

        def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
            return image

    mine = Mine()
    assert create_method(mine) is mine
    for wrong in (None, 3, object()):
        with pytest.raises(MethodError, match="a method is"):
            create_method(wrong)
