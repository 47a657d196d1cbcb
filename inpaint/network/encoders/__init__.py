"""Encoders by name. One file holds one family."""

from __future__ import annotations

from functools import partial

from inpaint.network.encoders.base import Encoder
from inpaint.network.encoders.light import LightEncoder
from inpaint.network.encoders.resnet import ResNetEncoder
from inpaint.network.registry import Registry

ENCODERS = Registry("encoder")
ENCODERS.register("light", LightEncoder)
for _name in ("resnet18", "resnet34", "resnet50"):
    ENCODERS.register(_name, partial(ResNetEncoder, _name))

__all__ = ["ENCODERS", "Encoder"]
