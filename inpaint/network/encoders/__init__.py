"""Encoders by name. One file holds one family."""

from __future__ import annotations

from functools import partial

from inpaint.network.encoders.alexnet import AlexNetEncoder
from inpaint.network.encoders.base import Encoder
from inpaint.network.encoders.densenet import DenseNetEncoder
from inpaint.network.encoders.inception import GoogLeNetEncoder, InceptionV3Encoder
from inpaint.network.encoders.light import LightEncoder
from inpaint.network.encoders.mobilenet import MOBILENETS, MobileNetEncoder
from inpaint.network.encoders.resnet import RESNETS, ResNetEncoder
from inpaint.network.encoders.shufflenet import ShuffleNetEncoder
from inpaint.network.encoders.squeezenet import SqueezeNetEncoder
from inpaint.network.encoders.vgg import VGGS, VGGEncoder
from inpaint.network.registry import Registry

ENCODERS = Registry("encoder")
ENCODERS.register("light", LightEncoder)
ENCODERS.register("alexnet", AlexNetEncoder)
for _name in VGGS:
    ENCODERS.register(_name, partial(VGGEncoder, _name))
ENCODERS.register("googlenet", GoogLeNetEncoder)
ENCODERS.register("inception_v3", InceptionV3Encoder)
for _name in RESNETS:
    ENCODERS.register(_name, partial(ResNetEncoder, _name))
ENCODERS.register("densenet121", DenseNetEncoder)
ENCODERS.register("squeezenet1_1", SqueezeNetEncoder)
for _name in MOBILENETS:
    ENCODERS.register(_name, partial(MobileNetEncoder, _name))
ENCODERS.register("shufflenet_v2", ShuffleNetEncoder)

__all__ = ["ENCODERS", "Encoder"]
