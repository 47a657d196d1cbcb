"""Every encoder in the registry keeps the Encoder contract."""

from __future__ import annotations

import pytest
import torch

from inpaint.network import ENCODERS, InpaintingNetwork, NetworkConfig


@pytest.fixture(scope="module", params=list(ENCODERS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def encoder(name):
    torch.manual_seed(0)
    return ENCODERS.create(name).eval()


def test_declares_what_it_returns(encoder):
    height, width = 2 * encoder.strides[-1] + 64, 128
    height -= height % encoder.strides[-1]
    features = encoder(torch.rand(2, 4, height, width))
    assert [f.shape[1] for f in features] == list(encoder.channels)
    sizes = [(height // s, width // s) for s in encoder.strides]
    assert [tuple(f.shape[2:]) for f in features] == sizes


def test_strides_rise_by_powers_of_two(encoder):
    for fine, coarse in zip(encoder.strides, encoder.strides[1:]):
        assert coarse > fine
        assert coarse & (coarse - 1) == 0


def test_accepts_its_smallest_side(encoder):
    side = encoder.min_side
    assert encoder(torch.rand(1, 4, side, side))[-1].numel() > 0


def test_eval_is_deterministic(encoder):
    x = torch.rand(1, 4, 64, 64)
    for first, second in zip(encoder(x), encoder(x)):
        assert torch.equal(first, second)


def test_sees_the_mask(name):
    torch.manual_seed(0)
    encoder = ENCODERS.create(name).train()
    x = torch.rand(2, 4, 64, 64, requires_grad=True)
    encoder(x)[-1].square().sum().backward()
    first = next(p for p in encoder.parameters() if p.ndim == 4)
    mask_channels = first.grad if first.shape[1] == 4 else first.grad[:, 12:]
    assert mask_channels.abs().sum() > 0


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (31, 33), (101, 67)])
def test_in_a_network_any_size_goes(name, size):
    network = InpaintingNetwork(NetworkConfig(encoder=name)).eval()
    image, mask = torch.rand(1, 3, *size), torch.ones(1, 1, *size)
    with torch.inference_mode():
        out = network(image, mask)
    assert out.shape == image.shape
    assert 0 <= out.min() <= out.max() <= 1


def test_a_gradient_reaches_every_parameter(name):
    torch.manual_seed(0)
    network = InpaintingNetwork(NetworkConfig(encoder=name))
    for parameter in network.parameters():  # zero starts stop the gradient on the first step
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    mask = (torch.rand(2, 1, 64, 64) > 0.5).float()
    network(torch.rand(2, 3, 64, 64), mask).square().sum().backward()
    silent = [key for key, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []
