"""Networks as ONNX: exported files, and graphs beside weights that spare torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from inpaint import Inpainter, create_method, weights
from inpaint.cli import main
from inpaint.errors import MethodError, WeightsError
from inpaint.methods.graph import KEY
from inpaint.methods.network import NetworkMethod
from inpaint.methods.onnxruntime import OnnxRuntimeMethod
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.onnx_graph import PRECISIONS, TOLERANCES, export, write_graph

TOLERATED = {**TOLERANCES, "int8": 0.1}
GRAPH_RUNTIMES = ("onnxruntime", "openvino")


def save(path, seed: int = 0, width: int = 8, **config):
    torch.manual_seed(seed)
    network = InpaintingNetwork(NetworkConfig(encoder_options={"width": width}, **config)).eval()
    torch.nn.init.normal_(network.decoder.head.weight, std=0.05)
    card = {"max_side": 300, "preset": {"data": {"size": 64}, "losses": {"psnr": 0.3}}}
    return weights.save_network(path, network, card)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network, its graph, and photos."""
    folder = tmp_path_factory.mktemp("onnx")
    save(folder / "tiny.safetensors")
    write_graph(folder / "tiny.safetensors")
    (folder / "photos").mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
        coarse.resize((160, 120), Image.Resampling.BICUBIC).save(folder / "photos" / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def photos(folder):
    return sorted((folder / "photos").iterdir())


@pytest.fixture(scope="module")
def exported(folder, photos):
    """An Export of each precision; an export takes ten seconds."""
    source = folder / "tiny.safetensors"
    return {p: export(source, folder / f"{p}.onnx", p, photos) for p in PRECISIONS}


def restore(method, photos):
    image = np.asarray(Image.open(photos[0])).astype(np.float32) / 255
    hole = np.zeros(image.shape[:2], bool)
    hole[40:80, 60:110] = True
    return Inpainter(method).restore_array(image, hole)


@pytest.mark.parametrize("runtime", GRAPH_RUNTIMES)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_exported_file_restores_as_torch_does(precision, runtime, folder, photos, exported):
    path = exported[precision].path
    found = restore(create_method(path, runtime=runtime), photos)
    source = folder / "tiny.safetensors"
    wanted = restore(create_method(source, runtime="torch"), photos)
    assert np.abs(found - wanted).max() <= TOLERATED[precision]
    method = create_method(path)
    assert (method.name, method.max_side, method.max_thickness) == (precision, 300, 128)
    assert method.max_mirrored_area == weights.read_limits(source).max_mirrored_area > 0


def test_limits_are_read_from_the_file_and_may_be_missing(exported, folder, tmp_path):
    """Files of before there was mirroring, or texture from a thickness on, do not say."""
    model = onnx.load(exported["fp32"].path)
    (entry,) = (entry for entry in model.metadata_props if entry.key == KEY)
    facts = json.loads(entry.value)

    def create(**limits):
        entry.value = json.dumps(facts | limits)
        onnx.save(model, tmp_path / "tiny.onnx")
        return create_method(tmp_path / "tiny.onnx")

    assert create(texture_from=24).texture_from == 24
    del facts["max_mirrored_area"], facts["texture_from"]
    method = create()
    assert (method.max_mirrored_area, method.texture_from) == (0, None)
    shutil.copy(folder / "tiny.safetensors", tmp_path)
    assert create_method(tmp_path / "tiny.safetensors", "cpu").max_mirrored_area > 0


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_coarse_network_is_exported_with_it(precision, photos, tmp_path):
    source = save(tmp_path / "more.safetensors", coarse={"encoder_options": {"width": 8}})
    path = export(source, tmp_path / "more.onnx", precision, photos).path
    found = restore(create_method(path), photos)
    wanted = restore(create_method(source, runtime="torch"), photos)
    assert np.abs(found - wanted).max() <= TOLERATED[precision]


def test_fewer_bits_make_smaller_files(exported):
    single, half, byte = (exported[p].path.stat().st_size for p in PRECISIONS)
    assert byte < half < 0.75 * single  # of so small a network the graph takes two fifths


def test_int8_names_its_layers(exported):
    assert not exported["fp32"].layers
    layers = exported["int8"].layers
    assert "bottleneck.0.conv" in [layer.name for layer in layers]
    assert layers[-1].name == "decoder.head"
    assert all(layer.error >= 0 for layer in layers)


def test_int8_needs_photos(folder, tmp_path):
    with pytest.raises(MethodError, match="--photos"):
        export(folder / "tiny.safetensors", tmp_path / "tiny.onnx", "int8")


@pytest.mark.parametrize("runtime", GRAPH_RUNTIMES)
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (37, 53), (160, 131)])
def test_a_graph_and_its_weights_restore_as_torch_does(folder, shape, runtime, picture, hole):
    image, mask = (picture(*shape) / 255).astype(np.float32), hole(*shape)
    fills = [
        create_method(folder / "tiny.safetensors", runtime=r).fill(image, mask)
        for r in (runtime, "torch")
    ]
    np.testing.assert_allclose(*fills, atol=1e-4)


@pytest.mark.parametrize(
    "config", [{"noise": 0.1}, {"coarse": {"encoder_options": {"width": 8}, "noise": 0.1}}]
)
def test_a_graph_has_the_noise_and_the_coarse_network(config, tmp_path, picture, hole):
    path = save(tmp_path / "more.safetensors", **config)
    write_graph(path)
    methods = [create_method(path, runtime=runtime) for runtime in (*GRAPH_RUNTIMES, "torch")]
    for shape in ((1, 1), (2, 9), (160, 131)):
        image, mask = (picture(*shape) / 255).astype(np.float32), hole(*shape)
        *fills, wanted = (method.fill(image, mask) for method in methods)
        for fill in fills:
            np.testing.assert_allclose(fill, wanted, atol=1e-4)


def test_without_a_gpu_the_graph_is_taken(folder, tmp_path, monkeypatch):
    assert isinstance(create_method(folder / "tiny.safetensors", "cpu"), OnnxRuntimeMethod)
    monkeypatch.setattr("inpaint.methods._may_have_gpu", lambda: False)
    assert isinstance(create_method(folder / "tiny.safetensors"), OnnxRuntimeMethod)
    assert isinstance(create_method(folder / "tiny.safetensors", runtime="torch"), NetworkMethod)
    monkeypatch.setattr("inpaint.methods._may_have_gpu", lambda: True)
    monkeypatch.setattr("inpaint.methods._choose_device", lambda device: "cpu")
    assert isinstance(create_method(folder / "tiny.safetensors"), NetworkMethod)


def test_a_graph_serves_all_weights_of_its_network(folder, tmp_path, photos):
    path = save(tmp_path / "other.safetensors", seed=1)
    (tmp_path / "other.onnx").write_bytes((folder / "tiny.onnx").read_bytes())
    method = create_method(path, "cpu")
    assert isinstance(method, OnnxRuntimeMethod)
    assert method.name == "other"
    wanted = restore(create_method(path, runtime="torch"), photos)
    np.testing.assert_allclose(restore(method, photos), wanted, atol=1e-4)


def test_a_graph_of_another_network_is_passed_over_or_said(folder, tmp_path):
    path = save(tmp_path / "wide.safetensors", width=16)
    (tmp_path / "wide.onnx").write_bytes((folder / "tiny.onnx").read_bytes())
    assert isinstance(create_method(path, "cpu"), NetworkMethod)
    with pytest.raises(WeightsError, match=r"wide\.onnx"):
        create_method(path, runtime="onnxruntime")


def test_a_graph_that_is_missing_is_said(tmp_path):
    path = save(tmp_path / "bare.safetensors")
    assert isinstance(create_method(path, "cpu"), NetworkMethod)
    with pytest.raises(WeightsError, match="beside it"):
        create_method(path, runtime="onnxruntime")


@pytest.mark.parametrize("content", [b"", b"no model", bytes(range(256)) * 9])
@pytest.mark.parametrize("runtime", GRAPH_RUNTIMES)
def test_what_is_no_model_is_refused(content, runtime, tmp_path):
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.onnx.*photomend has exported"):
        create_method(tmp_path / "bad.onnx", runtime=runtime)


@pytest.mark.parametrize("runtime", GRAPH_RUNTIMES)
def test_a_graph_alone_is_no_method(folder, runtime):
    with pytest.raises(WeightsError, match=r"tiny\.onnx"):
        create_method(folder / "tiny.onnx", runtime=runtime)


@pytest.mark.parametrize("runtime", GRAPH_RUNTIMES)
def test_a_model_cannot_have_other_files_read(runtime, tmp_path, exported):
    model = onnx.load(exported["fp32"].path)
    (tmp_path / "secret").write_bytes(b"secret" * 100_000)
    tensor = next(t for t in model.graph.initializer if t.name.endswith("weight"))
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", str(tmp_path / "secret")
    (tmp_path / "tiny.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="photomend has exported"):
        create_method(tmp_path / "tiny.onnx", runtime=runtime)


@pytest.mark.parametrize(
    ("name", "device", "runtime", "said"),
    [
        ("default", "cpu", "tensorflow", "there are: auto, torch"),
        ("default", "cuda", "onnxruntime", "CPU"),
        ("default", "cuda", "openvino", "CPU"),
        ("some.onnx", "cpu", "torch", "safetensors"),
        ("some.onnx", "cpu", "auto", "No such file"),
    ],
)
def test_choices_that_do_not_go_together(name, device, runtime, said):
    with pytest.raises((MethodError, WeightsError), match=said):
        create_method(name, device, runtime)


@pytest.mark.parametrize("name", [info.name for info in weights.list_weights()])
def test_shipped_networks_have_a_graph_that_fits(name, picture, hole):
    image, mask = (picture(67, 90) / 255).astype(np.float32), hole(67, 90)
    wanted = create_method(name, "cpu", "torch").fill(image, mask)
    for runtime in GRAPH_RUNTIMES:
        found = create_method(name, "cpu", runtime).fill(image, mask)
        np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_runtime_that_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "inpaint.methods.openvino", raising=False)
    with pytest.raises(MethodError, match=r"pip install 'photomend\[openvino\]'"):
        create_method("default", "cpu", "openvino")


def test_restoring_takes_no_torch(photos, tmp_path):
    Image.new("L", (160, 120)).save(tmp_path / "mask.png")
    mask = np.zeros((120, 160), np.uint8)
    mask[30:60, 40:70] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    program = (
        "import sys; from inpaint.cli import main;"
        "code = main(sys.argv[1:]); print(code, 'torch' in sys.modules)"
    )
    arguments = ["restore", str(photos[0]), "-m", str(tmp_path / "mask.png"), "--device", "cpu"]
    command = [sys.executable, "-c", program, *arguments, "-o", str(tmp_path / "out.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"


def test_the_command_exports(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = str(folder / "tiny.safetensors")
    assert main(["export", name]) == 0
    captured = capsys.readouterr()
    assert captured.out == "tiny.onnx\n"
    assert "differs from torch by at most" in captured.err
    assert main(["export", name]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["export", name, "--graph", "-o", "graph.onnx"]) == 0
    assert (tmp_path / "graph.onnx").read_bytes() == (folder / "tiny.onnx").read_bytes()
    for wrong in (["-o", "tiny.pt"], ["--precision", "int8"], ["--precision", "fp16", "--graph"]):
        assert main(["export", name, "--overwrite", *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
