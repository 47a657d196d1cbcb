"""The network: what it promises for any picture, and the limits of the default's size."""

from __future__ import annotations

import pytest
import torch

from inpaint.network import (
    InpaintingNetwork,
    NetworkConfig,
    composite,
    count_gmac,
    count_parameters,
)


def network(**config) -> InpaintingNetwork:
    torch.manual_seed(0)
    return InpaintingNetwork(NetworkConfig(**config))


def wakened(net: InpaintingNetwork) -> InpaintingNetwork:
    """With a head that does not start at zero, so that the inner layers show."""
    torch.nn.init.normal_(net.decoder.head.weight, std=0.05)
    return net.eval()


def damaged(height: int = 40, width: int = 56):
    torch.manual_seed(1)
    image = torch.rand(1, 3, height, width)
    mask = torch.zeros(1, 1, height, width)
    mask[..., 10:25, 12:30] = 1
    return image, mask


@pytest.mark.parametrize("prefill", ["push_pull", "mean"])
def test_pixels_under_the_hole_have_no_influence(prefill):
    net = wakened(network(prefill=prefill))
    image, mask = damaged()
    other = torch.where(mask > 0, torch.rand_like(image), image)
    assert torch.equal(net(image, mask), net(other, mask))


def test_the_hole_itself_has_influence():
    net = wakened(network())
    image, mask = damaged()
    assert not torch.allclose(net(image, mask), net(image, torch.zeros_like(mask)))


def test_untrained_it_returns_the_push_pull_fill():
    net = network().eval()
    image, mask = damaged()
    assert torch.equal(net(image, mask), net.prefill(image, mask))


def test_output_is_clamped_only_in_eval():
    net = network()
    torch.nn.init.constant_(net.decoder.head.bias, 5.0)
    image, mask = damaged()
    assert net.train()(image, mask).max() > 1
    assert net.eval()(image, mask).max() == 1


def test_composite_changes_the_hole_only():
    image, mask = damaged()
    out = torch.rand_like(image)
    picture = composite(image, mask, out)
    hole = mask.expand_as(image) > 0
    assert torch.equal(picture[~hole], image[~hole])
    assert torch.equal(picture[hole], out[hole])


def test_the_default_network_is_within_its_limits():
    default = network()
    assert count_parameters(default) <= 6_000_000
    assert count_gmac(default, 512) <= 25


def test_counts_of_a_known_convolution():
    class One(torch.nn.Conv2d):
        def forward(self, image, mask):
            return super().forward(image)

    assert count_parameters(One(3, 8, 3, padding=1)) == (3 * 3 * 3 + 1) * 8
    assert count_gmac(One(3, 8, 3, padding=1), 16) == pytest.approx(16 * 16 * 27 * 8 / 1e9)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"encoder": "resnet81"}, "no encoder 'resnet81'; did you mean 'resnet18'"),
        ({"bottleneck": "dilate"}, "did you mean 'dilated'"),
        ({"encoder_options": {"widht": 8}}, "no option 'widht'; did you mean 'width'"),
    ],
)
def test_a_typo_is_named(config, message):
    with pytest.raises(ValueError, match=message):
        network(**config)
