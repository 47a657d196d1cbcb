"""Every encoder in the registry keeps the Encoder contract."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
import torchvision

from inpaint import create_method
from inpaint.network import ENCODERS, InpaintingNetwork, NetworkConfig, graph
from inpaint.onnx_graph import TOLERANCES, export
from inpaint.weights import load_network, save_network

# How torchvision calls the architecture, and the modules whose outputs are the features.
ORIGINALS = {
    "alexnet": ("alexnet", ("features.1", "features.4", "features.11")),
    "googlenet": ("googlenet", ("conv1", "conv3", "inception3b")),
    "inception_v3": ("inception_v3", ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d")),
    "resnext50": ("resnext50_32x4d", ("relu", "layer1", "layer2", "layer3")),
    "densenet121": (
        "densenet121",
        ("features.relu0", "features.denseblock1", "features.denseblock2"),
    ),
    "squeezenet1_1": ("squeezenet1_1", ("features.1", "features.4", "features.7", "features.12")),
    "mobilenet_v2": ("mobilenet_v2", ("features.1", "features.3", "features.6", "features.13")),
    "mobilenet_v3_large": (
        "mobilenet_v3_large",
        ("features.1", "features.3", "features.6", "features.12"),
    ),
    "shufflenet_v2": ("shufflenet_v2_x1_0", ("conv1", "maxpool", "stage2", "stage3")),
    **{
        name: (name, ("relu", "layer1", "layer2", "layer3"))
        for name in ("resnet18", "resnet34", "resnet50")
    },
    **{
        name: (name, tuple(f"features.{i}" for i in poolings))
        for name, poolings in {
            "vgg11": (2, 5, 10),
            "vgg13": (4, 9, 14),
            "vgg16": (4, 9, 16),
            "vgg19": (4, 9, 18),
            "vgg11_bn": (3, 7, 14),
            "vgg13_bn": (6, 13, 20),
            "vgg16_bn": (6, 13, 23),
            "vgg19_bn": (6, 13, 26),
        }.items()
    },
}
OPTIONS = {"alexnet": {"lrn": False}}  # torchvision's has none


@pytest.fixture(scope="module", params=list(ENCODERS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def encoder(name):
    torch.manual_seed(0)
    return ENCODERS.create(name).eval()


def build(name: str) -> InpaintingNetwork:
    """A network around the encoder, small otherwise."""
    torch.manual_seed(0)
    config = NetworkConfig(encoder=name, max_channels=16, bottleneck_options={"dilations": [1, 2]})
    network = InpaintingNetwork(config)
    for parameter in network.parameters():  # zero starts would hide what comes before them
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


@pytest.fixture(scope="module")
def network(name):
    return build(name)


def test_declares_what_it_returns(encoder):
    stride, least = encoder.strides[-1], encoder.min_side
    height, width = (-(-(least + more) // stride) * stride for more in (40, 104))
    features = encoder(torch.rand(2, 4, height, width))
    assert [f.shape[1] for f in features] == list(encoder.channels)
    for feature, stride in zip(features, encoder.strides, strict=True):
        for found, side in zip(feature.shape[2:], (height, width)):
            # Architectures that do not pad lose a few steps at the borders.
            assert side // stride - 4 <= found <= side // stride


def test_strides_rise_by_powers_of_two(encoder):
    for fine, coarse in zip(encoder.strides, encoder.strides[1:]):
        assert coarse > fine
        assert coarse & (coarse - 1) == 0


def test_accepts_its_smallest_side(encoder):
    stride = encoder.strides[-1]
    side = -(-encoder.min_side // stride) * stride
    assert encoder(torch.rand(1, 4, side, side))[-1].numel() > 0


def test_eval_is_deterministic(encoder):
    x = torch.rand(1, 4, 96, 96)
    for first, second in zip(encoder(x), encoder(x)):
        assert torch.equal(first, second)


def test_features_equal_torchvisions(name):
    if name not in ORIGINALS:
        assert name == "light"  # our own
        return
    architecture, taps = ORIGINALS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about how some of them will be initialised
        original = torchvision.models.get_model(architecture, weights=None).eval()
    if hasattr(original, "transform_input"):
        original.transform_input = True  # as with torchvision's weights
    outputs = {}
    for tap in taps:
        original.get_submodule(tap).register_forward_hook(
            lambda module, inputs, output, tap=tap: outputs.update({tap: output.clone()})
        )
    encoder = ENCODERS.create(name, **OPTIONS.get(name, {})).eval()
    copy_tensors(original, encoder)
    side = 224 if name != "inception_v3" else 299
    rgb = torch.rand(1, 3, side, side)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    mask = torch.rand(1, 1, side, side)  # its weights start at zero, so any mask gives the same
    with torch.inference_mode():
        original((rgb - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1))
        features = encoder(torch.cat((rgb, mask), 1))
    for tap, feature in zip(taps, features, strict=True):
        torch.testing.assert_close(feature, outputs[tap], rtol=1e-4, atol=1e-4)


def copy_tensors(original: torch.nn.Module, encoder: torch.nn.Module) -> None:
    """Into an encoder, the original's tensors in the order in which the layers stand."""
    theirs = (t for key, t in original.state_dict().items() if "aux" not in key.lower())
    with torch.no_grad():
        for mine, other in zip(encoder.state_dict().values(), theirs):
            if mine.shape == other.shape:
                mine.copy_(other)
            else:
                assert mine[:, :3].shape == other.shape
                mine[:, :3] = other
                mine[:, 3:] = 0


def test_sees_the_mask(name):
    torch.manual_seed(0)
    encoder = ENCODERS.create(name).train()
    encoder(torch.rand(2, 4, 96, 96))[-1].square().sum().backward()
    first = next(p for p in encoder.parameters() if p.ndim == 4)
    mask_channels = first.grad if first.shape[1] == 4 else first.grad[:, 12:]
    assert mask_channels.abs().sum() > 0


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (31, 33), (250, 333)])
def test_in_a_network_any_size_goes(network, size):
    image, mask = torch.rand(1, 3, *size), torch.ones(1, 1, *size)
    with torch.inference_mode():
        out = network(image, mask)
    assert out.shape == image.shape
    assert 0 <= out.min() <= out.max() <= 1


def test_a_gradient_reaches_every_parameter(name):
    network = build(name).train()
    mask = (torch.rand(4, 1, 96, 96) > 0.5).float()
    network(torch.rand(4, 3, 96, 96), mask).square().sum().backward()
    silent = [key for key, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_comes_back_from_its_weights_file(network, name, tmp_path):
    path = save_network(tmp_path / "weights.safetensors", network, {})
    image, mask = torch.rand(1, 3, 64, 96), torch.ones(1, 1, 64, 96)
    again = load_network(path)
    with torch.inference_mode():
        difference = (again(image, mask) - network(image, mask)).abs().max()
    assert difference < 0.02  # the file holds halves


def test_exported_it_restores_as_in_torch(network, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "_LEVELS", 9)  # enough for these sizes; tracing takes its time
    path = save_network(tmp_path / "network.safetensors", network, {})
    method = create_method(export(path, tmp_path / "network.onnx").path)
    again = load_network(path)
    for height, width in ((1, 1), (7, 40), (96, 128), (131, 90)):
        image, mask = torch.rand(1, 3, height, width), torch.zeros(1, 1, height, width)
        mask[..., : height // 2 + 1, : width // 2 + 1] = 1
        with torch.inference_mode():
            wanted = again(image, mask)[0].permute(1, 2, 0).numpy()
        found = method.fill(image[0].permute(1, 2, 0).numpy(), mask[0, 0].numpy() > 0)
        np.testing.assert_allclose(found, wanted, atol=TOLERANCES["fp32"])
