"""A run travels in a small parcel and goes on elsewhere."""

from __future__ import annotations

import pytest
import torch

from inpaint.errors import TrainingError
from train.__main__ import main as train
from train.carry import main, pack, unpack
from train.run import RunFolder

ADVERSARY = ["--set", "adversary.weight=1", "--set", "adversary.width=8"]


@pytest.fixture
def run(photos, tiny_flags, tmp_path):
    flags = [*tiny_flags, *ADVERSARY, "--set", "run.samples=32", "--minutes", "0"]
    assert train(["--data", str(photos), "--output", str(tmp_path / "run"), *flags]) == 3
    return tmp_path / "run"


def test_it_goes_on_elsewhere(run, photos, tmp_path):
    parcel, elsewhere = tmp_path / "parcel", tmp_path / "elsewhere"
    assert main(["pack", str(run), str(parcel)]) == 0
    assert main(["unpack", str(parcel), str(elsewhere)]) == 0
    before, after = (RunFolder(path).load_checkpoint() for path in (run, elsewhere))
    assert after["samples"] == before["samples"] == 4
    for key, tensor in before["network"].items():
        torch.testing.assert_close(after["network"][key], tensor, rtol=2e-3, atol=1e-4)
    moments, carried = (
        [value["exp_avg_sq"] for value in state["optimiser"]["state"].values()]
        for state in (before, after)
    )
    assert any(tensor.any() for tensor in moments)
    for one, other in zip(moments, carried, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-2, atol=0)
    assert train(["--data", str(photos), "--resume", str(elsewhere)]) == 0
    assert RunFolder(elsewhere).load_checkpoint()["samples"] == 32


def test_parts_are_small(run, tmp_path):
    files = pack(run, tmp_path / "parcel", part_bytes=100_000)
    parts = [path for path in files if path.name.startswith("part")]
    assert len(parts) > 2
    assert all(path.stat().st_size < 150_000 for path in parts)  # tensors, and torch's own lines
    whole = pack(run, tmp_path / "parcel")
    assert len([path for path in whole if path.name.startswith("part")]) == 1
    assert len(list((tmp_path / "parcel").glob("part*"))) == 1  # older parts are gone
    unpack(tmp_path / "parcel", tmp_path / "again")
    with pytest.raises(TrainingError, match="does not fit into a part"):
        pack(run, tmp_path / "parcel", part_bytes=100)


def test_a_torn_parcel_is_refused(run, tmp_path, capsys):
    pack(run, tmp_path / "parcel", part_bytes=100_000)
    (tmp_path / "parcel" / "part1.pt").unlink()
    assert main(["unpack", str(tmp_path / "parcel"), str(tmp_path / "new")]) == 2
    assert "not a whole parcel" in capsys.readouterr().err
    assert not (tmp_path / "new" / "checkpoints").exists()
    assert main(["pack", str(tmp_path / "nothing"), str(tmp_path / "parcel")]) == 2


def test_newer_work_is_not_overwritten(run, photos, tmp_path):
    pack(run, tmp_path / "parcel")
    assert train(["--data", str(photos), "--resume", str(run)]) == 0
    with pytest.raises(TrainingError, match="has seen 32 samples, the parcel only 4"):
        unpack(tmp_path / "parcel", run)
