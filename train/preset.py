"""Presets: one TOML file a recipe, checked into frozen dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import json
import tomllib
import types
import typing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inpaint import weights
from inpaint.errors import TrainingError
from inpaint.mask_shapes import KINDS
from inpaint.metrics import LPIPS_MIN_SIDE
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.network.registry import nearest

FOLDER = Path(__file__).parent / "presets"
_WIDTH_KEYS = ("network.encoder", "network.max_channels")


def _require(ok: bool, key: str, rule: str, value: object) -> None:
    if not ok:
        raise TrainingError(f"{key} must be {rule}, not {value!r}")


def _require_betas(key: str, betas: tuple[float, float]) -> None:
    _require(all(0 <= beta < 1 for beta in betas), key, "two numbers in [0, 1)", betas)


def _require_choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        hint = nearest(value, list(choices))
        raise TrainingError(f"{key} is {value!r}{hint} (choices: {', '.join(choices)})")


@dataclass(frozen=True)
class DataConfig:
    """Photos, crops and masks."""

    size: int = 256  # side of a training crop, pixels
    photo_side: int = 288  # photos are kept with this shorter side
    window: tuple[float, float] = (0.8, 1.125)  # a crop is cut at this share of size, then resized
    flip: bool = True  # left and right exchanged in half of the crops
    masks: dict[str, float] = field(
        default_factory=lambda: {"lama": 0.5, "everyday": 0.3, "mat_small": 0.2}
    )  # kinds of inpaint.mask_shapes and their shares
    mask_bank: int = 4096  # masks drawn before the first step, then flipped and turned
    limit: int = 0  # train on only so many photos, always the same; 0: on all
    validation: int = 128  # photos split off for choosing, never trained on
    memory_gb: float = 8.0  # decoded photos beyond this are read from disk while training
    workers: int = 2  # processes that decode photos read from disk

    def __post_init__(self) -> None:
        _require(self.size >= 16, "data.size", "at least 16", self.size)
        low, high = self.window
        _require(0 < low <= high, "data.window", "two rising positive shares", self.window)
        fits = round(self.size * high) <= self.photo_side
        _require(
            fits,
            "data.photo_side",
            f"at least size x window = {self.size * high:.0f}",
            self.photo_side,
        )
        for kind, share in self.masks.items():
            _require_choice("data.masks", kind, KINDS)
            _require(share >= 0, f"data.masks.{kind}", "at least 0", share)
        _require(
            sum(self.masks.values()) > 0, "data.masks", "shares with a sum above 0", self.masks
        )
        _require(self.mask_bank >= 1, "data.mask_bank", "at least 1", self.mask_bank)
        _require(self.limit >= 0, "data.limit", "at least 0", self.limit)
        _require(self.validation >= 0, "data.validation", "at least 0", self.validation)


@dataclass(frozen=True)
class LossConfig:
    """Weights of the reconstruction terms; a term of weight 0 is not computed."""

    hole_l1: float = 6.0  # mean absolute error over the hole's pixels
    known_l1: float = 1.0  # the same over the known pixels
    psnr: float = 0.0  # logarithm of the mean square error in the hole
    perceptual: float = 0.0  # L1 between features
    lpips: float = 0.0  # LPIPS of the same features, of alexnet or squeezenet1_1
    style: float = 0.0  # L1 between Gram matrices of features
    auxiliary: float = 0.0  # hole_l1 of the decoder's auxiliary outputs, each at its own size
    tv: float = 0.0  # total variation of the composited picture in the hole
    features: str = "vgg16"  # network of the perceptual, lpips and style terms
    features_file: str = ""  # its safetensors file; empty: shipped, or torchvision's download
    features_share: float = 1.0  # share of each batch that these terms look at
    views: str = "shifted"  # how that network sees pictures, or "varied": mirrored, small, ... too

    def __post_init__(self) -> None:
        for name in (
            "hole_l1",
            "known_l1",
            "psnr",
            "perceptual",
            "lpips",
            "style",
            "tv",
            "auxiliary",
        ):
            _require(getattr(self, name) >= 0, f"losses.{name}", "at least 0", getattr(self, name))
        _require_choice("losses.features", self.features, ("vgg16", "alexnet", "squeezenet1_1"))
        _require_choice("losses.views", self.views, ("shifted", "varied"))
        _require(
            not self.lpips or self.features != "vgg16",
            "losses.lpips",
            "0 with losses.features = 'vgg16', of whose layers only some are used",
            self.lpips,
        )
        share = self.features_share
        _require(0 < share <= 1, "losses.features_share", "in (0, 1]", share)


@dataclass(frozen=True)
class AdversaryConfig:
    """The discriminator; off while both weights are 0."""

    kind: str = "patch"  # of pictures, or "features": of those that the losses look at
    loss: str = "non_saturating"  # or "hinge", at places on the hole only
    weight: float = 0.0  # of the adversarial term
    feature_matching: float = 0.0  # of the distance between the discriminator's features
    real_label: float = 1.0  # what real pictures should be taken for; 0.9: one-sided smoothing
    r1: float = 0.001  # of a patch discriminator's gradient penalty (sum over patches)
    r1_every: int = 4  # the penalty is computed every so many steps, so much stronger
    width: int = 64  # channels of its first layer; of its heads on features
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    start: int = 0  # samples after which it trains
    warmup: int = 0  # samples it then trains alone, before it reaches the network
    ramp: int = 100_000  # samples over which its terms then rise to full weight

    def __post_init__(self) -> None:
        _require_choice("adversary.kind", self.kind, ("patch", "features"))
        _require_choice("adversary.loss", self.loss, ("non_saturating", "hinge"))
        _require(
            not self.feature_matching or self.kind == "patch",
            "adversary.feature_matching",
            "0 with adversary.kind = 'features' (losses.perceptual matches them)",
            self.feature_matching,
        )
        for name in ("weight", "feature_matching"):
            _require(
                getattr(self, name) >= 0, f"adversary.{name}", "at least 0", getattr(self, name)
            )
        _require(self.learning_rate > 0, "adversary.learning_rate", "above 0", self.learning_rate)
        _require_betas("adversary.betas", self.betas)
        _require(self.r1_every >= 1, "adversary.r1_every", "at least 1", self.r1_every)
        label = self.real_label
        _require(0.5 < label <= 1, "adversary.real_label", "above 0.5, at most 1", label)
        _require(self.width >= 1, "adversary.width", "at least 1", self.width)

    @property
    def enabled(self) -> bool:
        return self.weight > 0 or self.feature_matching > 0


@dataclass(frozen=True)
class OptimiserConfig:
    name: str = "adamw"  # adam, adamw, muon or sgd
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)  # adam, adamw; muon's for what is no matrix
    momentum: float = 0.9  # sgd; muon has 0.95
    weight_decay: float = 0.0
    warmup: int = 8_000  # samples over which the rate rises from 0
    decay: str = "cosine"  # constant, step (x 0.1 at each third of the decay) or cosine
    decay_from: float = 0.65  # share of the samples after which the decay begins
    floor: float = 0.01  # share of the rate at the end of a cosine
    clip: float = 1.0  # largest norm of the gradient; 0: no limit

    def __post_init__(self) -> None:
        _require_choice("optimiser.name", self.name, ("adam", "adamw", "muon", "sgd"))
        _require_choice("optimiser.decay", self.decay, ("constant", "step", "cosine"))
        _require(self.learning_rate > 0, "optimiser.learning_rate", "above 0", self.learning_rate)
        _require_betas("optimiser.betas", self.betas)
        _require(0 <= self.decay_from <= 1, "optimiser.decay_from", "in [0, 1]", self.decay_from)


@dataclass(frozen=True)
class RunConfig:
    samples: int = 2_000_000  # pictures seen by the end
    batch: int = 64  # pictures a step, over all processes
    seed: int = 0
    precision: str = "auto"  # auto (bf16 on a GPU, fp32 on a CPU), bf16 or fp32
    compile: bool = True  # torch.compile on a GPU, and with bf16 on a CPU, if it has a compiler
    ema_half_life: int = 10_000  # samples after which old weights count half
    validate_every: int = 50_000  # samples
    checkpoint_minutes: float = 3.0
    log_every: int = 50  # steps
    start_from: str = ""  # weights that are copied before the first step, see starting.py
    coarse_from: str = ""  # weights of a network to fill at half size first, as `network.coarse`

    def __post_init__(self) -> None:
        _require(self.batch >= 1, "run.batch", "at least 1", self.batch)
        _require(self.samples >= self.batch, "run.samples", "at least run.batch", self.samples)
        _require_choice("run.precision", self.precision, ("auto", "bf16", "fp32"))
        for name in ("validate_every", "log_every", "ema_half_life"):
            _require(getattr(self, name) >= 1, f"run.{name}", "at least 1", getattr(self, name))


@dataclass(frozen=True)
class Preset:
    """A whole recipe. `description` says in a line what it is for."""

    description: str = ""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    data: DataConfig = field(default_factory=DataConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    adversary: AdversaryConfig = field(default_factory=AdversaryConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def __post_init__(self) -> None:
        heads = self.network.decoder_options.get("auxiliary", 0)
        _require(
            bool(heads) == (self.losses.auxiliary > 0),
            "losses.auxiliary",
            f"above 0 exactly if there are auxiliary outputs (network.decoder_options.auxiliary "
            f"= {heads})",
            self.losses.auxiliary,
        )
        _require(
            self.data.size >= LPIPS_MIN_SIDE or not self.looks_at_features,
            "data.size",
            f"at least {LPIPS_MIN_SIDE} where losses or adversary look at features",
            self.data.size,
        )

    @property
    def looks_at_features(self) -> bool:
        """Whether anything in the recipe needs a classifier's features."""
        losses, adversary = self.losses, self.adversary
        judged = adversary.enabled and adversary.kind == "features"
        return judged or any((losses.perceptual, losses.lpips, losses.style))

    def build_network(self) -> InpaintingNetwork:
        """A fresh network. TrainingError for a part, an option or a file that does not exist."""
        try:
            return InpaintingNetwork(self.network)
        except (ValueError, TypeError, OSError) as error:
            raise TrainingError(f"network: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_presets() -> list[str]:
    """Names of the presets that ship with the trainer."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_preset(name: str | Path, overrides: typing.Sequence[str] = ()) -> Preset:
    """A shipped preset by name, or a TOML file, with ``section.key=value`` overrides.

    A file may begin with ``extends = "NAME"``: a shipped preset whose values it changes.
    TrainingError names the preset or key that does not exist, and the nearest that does.
    """
    path = _find_preset(name)
    return preset_from_dict(_read_extended(path), overrides)


def preset_from_dict(values: dict[str, Any], overrides: typing.Sequence[str] = ()) -> Preset:
    """Check plain values into a Preset. TrainingError names the key that is wrong.

    Without a network of its own, the preset takes that of the weights it starts from, which
    overrides may then change; with another encoder or its width, a pruned one is as wide as that.
    """
    values = copy.deepcopy(values)
    written_out = "network" in values and not any(
        text.lstrip().startswith("run.coarse_from") for text in overrides
    )
    of_network = [text for text in overrides if text.lstrip().startswith("network.")]
    for override in overrides:
        if override not in of_network:
            _override(values, override)
    taken = _take_network(values)
    if taken and any(text.lstrip().startswith(_WIDTH_KEYS) for text in of_network):
        values["network"].pop("widths", None)  # those of a pruned network, which this is not
    for override in of_network:
        _override(values, override)
    _take_coarse(values, written_out)
    return _build(Preset, values, "")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's values. TrainingError names the file and the line that is wrong."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise TrainingError(f"{path}: not a readable TOML file ({error})") from error


def _find_preset(name: str | Path) -> Path:
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        names = list_presets()
        raise TrainingError(
            f"no preset {str(name)!r}{nearest(str(name), names)} (there are: {', '.join(names)})"
        )
    return path


def _read_extended(path: Path) -> dict[str, Any]:
    values = read_toml(path)
    if "extends" not in values:
        return values
    base = _convert(str, values.pop("extends"), "extends")
    return _merge(_read_extended(_find_preset(base)), values)


def _take_network(values: dict[str, Any]) -> bool:
    """Put the network of `run.start_from` where there is none; its auxiliary outputs only if they
    are trained. Whether it was put there."""
    run, losses = values.get("run"), values.get("losses")
    start = run.get("start_from") if isinstance(run, dict) else None
    if not start or not isinstance(start, str) or "network" in values:
        return False
    values["network"] = network = copy.deepcopy(weights.read_config(start))
    if not (isinstance(losses, dict) and losses.get("auxiliary")):
        network.get("decoder_options", {}).pop("auxiliary", None)
    return True


def _take_coarse(values: dict[str, Any], written_out: bool) -> None:
    """Put the network of `run.coarse_from` in; a preset that was written out has it, and does not
    need the weights any more."""
    run, network = values.get("run"), values.get("network", {})
    name = run.get("coarse_from") if isinstance(run, dict) else None
    if not name or not isinstance(name, str) or not isinstance(network, dict):
        return
    if written_out and network.get("coarse"):
        return
    coarse = copy.deepcopy(weights.read_config(name))
    if coarse.get("coarse"):
        raise TrainingError(
            f"run.coarse_from: {name} has a coarse network itself; name one without, such as "
            "faithful"
        )
    coarse.get("decoder_options", {}).pop("auxiliary", None)
    # TOML has no word for None, which is the default of what has it.
    coarse = {key: value for key, value in coarse.items() if value is not None}
    values["network"] = {**network, "coarse": coarse}


def preset_of_weights(name: str | Path, overrides: typing.Sequence[str] = ()) -> Preset:
    """The preset that a weights file was trained by, for the network that it holds now."""
    card = weights.read_card(name)
    if not isinstance(card.get("preset"), dict):
        raise TrainingError(f"{name}: its card has no preset to train it further by")
    values = {**card["preset"], "network": weights.read_config(name)}
    values["run"] = {**values.get("run", {}), "start_from": "", "coarse_from": ""}
    return preset_from_dict(values, overrides)


def preset_to_toml(preset: Preset) -> str:
    """The whole preset, every value spelled out, as `load_preset` reads it."""
    lines: list[str] = []
    _write_section(lines, preset.to_dict(), "")
    return "\n".join(lines).lstrip() + "\n"


def _write_section(lines: list[str], values: dict[str, Any], name: str) -> None:
    if name:
        lines += ["", f"[{name}]"]
    sections = {key: value for key, value in values.items() if isinstance(value, dict)}
    for key, value in values.items():
        if key not in sections and value is not None:
            lines.append(
                f"{_key(key)} = {json.dumps(value)}"
            )  # JSON scalars and lists are TOML too
    for key, value in sections.items():
        _write_section(lines, value, f"{name}.{key}" if name else key)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() else json.dumps(name)


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `changes`, within each section; options are taken as a whole."""
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(base.get(key), dict) and isinstance(value, dict)
        merged[key] = base[key] | value if both else value
    return merged


def _override(values: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals:
        raise TrainingError(f"--set {text}: expected section.key=value")
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise TrainingError(f"--set {text}: {section!r} is a value, not a section")
    values[last] = _parse(value.strip())


def _parse(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # an unquoted string


def _build(cls: type, values: dict[str, Any], prefix: str) -> Any:
    hints = typing.get_type_hints(cls)
    fields = [f.name for f in dataclasses.fields(cls)]
    arguments = {}
    for key, value in values.items():
        if key not in fields:
            raise TrainingError(
                f"unknown key {prefix + key!r}{nearest(key, fields)} (keys: {', '.join(fields)})"
            )
        arguments[key] = _convert(hints[key], value, prefix + key)
    return cls(**arguments)


def _convert(hint: Any, value: Any, key: str) -> Any:
    """`value` as the field's type: sections, pairs, and whole numbers where a float is wanted."""
    if dataclasses.is_dataclass(hint):
        _require(isinstance(value, dict), key, "a section", value)
        return _build(hint, value, f"{key}.")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        fits = isinstance(value, (list, tuple)) and len(value) == len(arguments)
        _require(fits, key, f"a list of {len(arguments)} numbers", value)
        return tuple(_convert(kind, item, key) for kind, item in zip(arguments, value))
    if origin is dict:
        _require(isinstance(value, dict), key, "a section", value)
        return {name: _convert(arguments[1], item, f"{key}.{name}") for name, item in value.items()}
    if isinstance(hint, types.UnionType):  # T | None
        return value if value is None else _convert(arguments[0], value, key)
    if hint is Any:
        return value
    if hint is float and type(value) is int:
        return float(value)
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
    _require(type(value) is hint, key, names[hint], value)
    return value
