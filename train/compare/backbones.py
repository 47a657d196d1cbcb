"""Backbones by name: their families, and the preset that trains each."""

from __future__ import annotations

from collections.abc import Sequence

from inpaint.errors import TrainingError
from inpaint.network import ENCODERS
from inpaint.network.registry import nearest
from train.preset import Preset, load_preset, preset_from_dict

# The preset of each family, and the encoders that it is the preset for, the shipped one first.
FAMILIES = {
    "alexnet": ("alexnet",),
    "vgg": ("vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "resnet": ("resnet18", "resnet34", "resnet50", "resnext50"),
    "densenet": ("densenet121",),
    "squeezenet": ("squeezenet1_1",),
    "mobilenet": ("mobilenet_v2", "mobilenet_v3_large"),
    "shufflenet": ("shufflenet_v2",),
    "backbone": ("light",),
}
PRETRAINED = "+imagenet"  # behind an encoder's name: starts from ImageNet weights


def family_of(encoder: str) -> str:
    """The preset that trains `encoder`. TrainingError if it is not known."""
    for preset, members in FAMILIES.items():
        if encoder in members:
            return preset
    hint = nearest(encoder, list(ENCODERS))
    raise TrainingError(f"no backbone {encoder!r}{hint} (there are: {', '.join(ENCODERS)})")


def expand(names: Sequence[str], pretrained: dict[str, str]) -> list[str]:
    """Backbones by name; "families" is one of each family, "all" is every one.

    Behind these two stand those that also start from the `pretrained` files.
    """
    chosen: list[str] = []
    for name in names:
        if name == "families":
            chosen += [members[0] for members in FAMILIES.values()]
        elif name == "all":
            chosen += [members[0] for members in FAMILIES.values()]
            chosen += [member for members in FAMILIES.values() for member in members[1:]]
        else:
            family_of(name.removesuffix(PRETRAINED))
            chosen.append(name)
        if name in ("families", "all"):
            chosen += [encoder + PRETRAINED for encoder in pretrained]
    return list(dict.fromkeys(chosen))


def choose_preset(name: str, pretrained: dict[str, str], overrides: Sequence[str]) -> Preset:
    """The family's preset for one backbone. TrainingError if its ImageNet weights are not given,
    or it takes none."""
    encoder = name.removesuffix(PRETRAINED)
    values = load_preset(family_of(encoder)).to_dict()
    values["network"]["encoder"] = encoder
    if name != encoder:
        if "pretrained" not in ENCODERS.options(encoder):
            raise TrainingError(
                f"{name}: there are no ImageNet weights for {encoder}; leave it out"
            )
        if encoder not in pretrained:
            raise TrainingError(f"{name}: give its weights with --pretrained {encoder}=FILE")
        options = values["network"]["encoder_options"] | {"pretrained": pretrained[encoder]}
        if encoder == "alexnet":
            options["lrn"] = False  # as these weights were trained
        values["network"]["encoder_options"] = options
    return preset_from_dict(values, overrides)
