"""Every convolution and every bottleneck in the registries keeps the contract of its kind."""

from __future__ import annotations

import pytest
import torch

from inpaint.network import BOTTLENECKS, CONVOLUTIONS, InpaintingNetwork, NetworkConfig


@pytest.mark.parametrize("channels", [(8, 12), (12, 12), (13, 9)])
@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("name", list(CONVOLUTIONS))
def test_a_convolution_keeps_the_size(name, channels, dilation):
    torch.manual_seed(0)
    inputs, outputs = channels
    convolution = CONVOLUTIONS.create(name, inputs, outputs, dilation=dilation)
    x = torch.randn(2, inputs, 7, 10)
    out = convolution(x)
    assert out.shape == (2, outputs, 7, 10)
    out.square().sum().backward()
    silent = [key for key, p in convolution.named_parameters() if not p.grad.any()]
    assert silent == []


@pytest.mark.parametrize("name", list(CONVOLUTIONS))
def test_a_network_is_built_of_any_convolution(name):
    config = NetworkConfig(
        encoder_options={"width": 8},
        bottleneck_options={"dilations": [1, 2], "convolution": name},
        decoder_options={"blocks": 1, "convolution": name, "auxiliary": 1},
    )
    network = InpaintingNetwork(config)
    out, coarser = network.pictures(torch.rand(2, 3, 36, 50), torch.ones(2, 1, 36, 50))
    assert out.shape == (2, 3, 36, 50)
    assert coarser.shape == (2, 3, 9, 13)


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (20, 12)])
@pytest.mark.parametrize("name", list(BOTTLENECKS))
def test_a_bottleneck_keeps_shape_and_is_deterministic(name, size):
    torch.manual_seed(0)
    bottleneck = BOTTLENECKS.create(name, 16).eval()
    x = torch.randn(2, 16, *size)
    out = bottleneck(x)
    assert out.shape == x.shape
    assert torch.equal(out, bottleneck(x))


@pytest.mark.parametrize("name", list(BOTTLENECKS))
def test_a_bottleneck_learns(name):
    torch.manual_seed(0)
    bottleneck = BOTTLENECKS.create(name, 16)
    for parameter in bottleneck.parameters():  # zero starts would hide what comes before them
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    bottleneck(torch.randn(2, 16, 9, 9)).square().sum().backward()
    silent = [key for key, p in bottleneck.named_parameters() if not p.grad.any()]
    assert silent in ([], ["key_value.bias"])


@pytest.mark.parametrize("name", ["channelwise_fc", "attention"])
def test_a_global_bottleneck_sees_everything(name):
    torch.manual_seed(0)
    bottleneck = BOTTLENECKS.create(name, 16).eval()
    for parameter in bottleneck.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    x = torch.randn(1, 16, 32, 32, requires_grad=True)
    bottleneck(x)[..., 0, 0].sum().backward()
    assert (x.grad[0].abs().sum(0) > 0)[-8:, -8:].any()
