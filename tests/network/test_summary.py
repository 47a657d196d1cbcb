"""What a network is made of: totals that torch counts too, and receptive fields that hold."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from inpaint.network import (
    BOTTLENECKS,
    CONVOLUTIONS,
    InpaintingNetwork,
    NetworkConfig,
    count_gmac,
    count_parameters,
)
from inpaint.network.receptive_field import ReceptiveFields
from inpaint.network.summary import summarise

CONFIGS = {
    "light": NetworkConfig(encoder_options={"width": 8}),
    "inception": NetworkConfig("inception_v3", max_channels=32),
    "shuffle": NetworkConfig(
        "shufflenet_v2",
        bottleneck_options={"convolution": "shuffle"},
        decoder_options={"convolution": "shuffle"},
        max_channels=32,
    ),
    "coarse": NetworkConfig(
        encoder_options={"width": 8}, coarse={"encoder_options": {"width": 16}}
    ),
    **{
        name: NetworkConfig("squeezenet1_1", bottleneck=name, max_channels=32)
        for name in BOTTLENECKS
    },
}


@pytest.mark.parametrize("name", list(CONFIGS))
def test_layers_add_up_to_torchs_own_counts(name):
    network = InpaintingNetwork(CONFIGS[name])
    layers = summarise(network, 96)
    assert sum(layer.parameters for layer in layers) == count_parameters(network)
    assert sum(layer.multiply_adds for layer in layers) == round(count_gmac(network, 96) * 1e9)


@pytest.mark.parametrize(
    ("encoder", "layer", "pixels"),
    [  # as the literature has them
        ("vgg16", "encoder.stages.0.conv1_2", 5),
        ("vgg16", "encoder.stages.2.pool3", 44),
        ("alexnet", "encoder.stages.0.0", 11),
        ("alexnet", "encoder.stages.2.5", 163),
        ("resnet18", "encoder.stages.0.0", 7),
        ("resnet18", "encoder.stages.2.0.1.conv2", 99),
    ],
)
def test_receptive_fields_of_known_networks(encoder, layer, pixels):
    network = InpaintingNetwork(NetworkConfig(encoder, max_channels=16))
    fields = {found.name: found.receptive_field for found in summarise(network, 128)}
    assert fields[layer] == pixels


def test_one_that_sees_everything_says_so():
    network = InpaintingNetwork(NetworkConfig("squeezenet1_1", bottleneck="channelwise_fc"))
    layers = summarise(network, 64)
    assert math.isinf(layers[-1].receptive_field)
    assert not math.isinf(layers[0].receptive_field)


@pytest.mark.parametrize("mean", [nn.AdaptiveAvgPool2d(1), lambda x: x.mean((2, 3), keepdim=True)])
def test_a_mean_over_the_whole_map_sees_all_of_it(mean):
    x = torch.rand(1, 2, 8, 8)
    with ReceptiveFields() as fields:
        fields.start(x)
        excited = x * mean(x)
        other = x * x.mean(1, keepdim=True)
        quarter = F.adaptive_avg_pool2d(x, 4)
        seen = [fields.of(tensor) for tensor in (excited, other, quarter)]
    assert seen == [math.inf, 1, 2]


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("name", [name for name in CONVOLUTIONS if name != "inception"])
def test_receptive_fields_are_where_the_gradient_reaches(name, dilation):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        CONVOLUTIONS.create(name, 8, 8, dilation=dilation),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 4, 3, padding=1),
    ).eval()
    for module in network.modules():  # nothing cancels, nothing is cut off
        if isinstance(module, nn.Conv2d):
            nn.init.uniform_(module.weight, 0.1, 1)
    x = torch.rand(1, 3, 96, 96, requires_grad=True)
    with ReceptiveFields() as fields:
        fields.start(x)
        out = network(x)
        seen = fields.of(out)
    (gradient,) = torch.autograd.grad(out[..., 12, 12].sum(), x)
    reached = gradient.abs().sum((0, 1)) > 0
    down, right = (torch.nonzero(reached.any(axis)).flatten() for axis in (1, 0))
    assert max(down[-1] - down[0], right[-1] - right[0]) + 1 == seen


def test_upsampling_keeps_the_scale():
    conv = nn.Conv2d(1, 1, 3, padding=1)
    x = torch.rand(1, 1, 16, 16)
    with ReceptiveFields() as fields, torch.no_grad():
        fields.start(x)
        small = F.avg_pool2d(x, 4)
        large = conv(F.interpolate(small, (16, 16), mode="nearest"))
        seen = fields.of(large), fields.of(F.avg_pool2d(large, 2))
    assert seen == (6, 7)


@pytest.mark.parametrize("downsample", ["max", "mean"])
def test_pooling_costs_what_a_stride_costs(downsample):
    stride = InpaintingNetwork(NetworkConfig())
    pooled = InpaintingNetwork(NetworkConfig(encoder_options={"downsample": downsample}))
    assert count_parameters(pooled) == count_parameters(stride)
    assert count_gmac(pooled, 64) == count_gmac(stride, 64)


def test_wide_features_are_brought_down():
    wide = InpaintingNetwork(NetworkConfig("densenet121"))
    narrow = InpaintingNetwork(NetworkConfig("densenet121", max_channels=64))
    assert count_parameters(narrow) < count_parameters(wide) / 5
    with pytest.raises(ValueError, match="max_stride of densenet121 must be one of 2, 4, 8"):
        InpaintingNetwork(NetworkConfig("densenet121", {"max_stride": 12}))
    with pytest.raises(ValueError, match="downsample must be stride, max"):
        InpaintingNetwork(NetworkConfig(encoder_options={"downsample": "maxx"}))
