"""The models that the app offers: shipped ones, the classical methods, and those of a folder."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from inpaint.errors import InpaintError, MethodError
from inpaint.inpainter import Inpainter
from inpaint.methods import list_devices, list_methods

_SUFFIXES = (".safetensors", ".onnx", ".pth", ".pt", ".ckpt")
_RUN_WEIGHTS = "weights.safetensors"  # of a run folder of `python -m train`


# How people write what file names cannot.
_TITLES = {
    "default": "Default",
    "faithful": "Faithful",
    "alexnet": "AlexNet",
    "densenet121": "DenseNet-121",
    "googlenet": "GoogLeNet",
    "inception_v3": "Inception v3",
    "mobilenet_v2": "MobileNet v2",
    "resnet18": "ResNet-18",
    "shufflenet_v2": "ShuffleNet v2",
    "squeezenet1_1": "SqueezeNet 1.1",
    "vgg11": "VGG-11",
    "telea": "Telea",
    "navier-stokes": "Navier-Stokes",
    "biharmonic": "Biharmonic",
}


@dataclass(frozen=True)
class Model:
    """A model to choose: `source` is what an Inpainter takes, `kind` network, classical or own."""

    name: str
    kind: str
    description: str
    source: str | Path

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.name if self.kind == "own" else _TITLES.get(self.name, self.name)


class Models:
    """Models by name, `default` first; an Inpainter of each, made when it is first used.

    Thread-safe. `folder` may be missing: then it holds none.
    """

    def __init__(self, folder: Path | None = None, device: str = "auto") -> None:
        self.folder = folder
        self.device = device
        self._made: dict[tuple[str, str, float], Inpainter] = {}
        self._lock = threading.Lock()

    def list(self) -> list[Model]:
        """All that can be chosen now: what training has just written as well."""
        shipped = [Model(one.name, one.kind, one.description, one.name) for one in list_methods()]
        taken = {model.name for model in shipped}
        return shipped + [model for model in self._list_own() if model.name not in taken]

    def get(self, name: str, device: str | None = None) -> Inpainter:
        """The Inpainter of a listed model; device: of `list_devices()`, None for the app's own.

        MethodError for any other name, paths too; InpaintError if its file is damaged.
        """
        models = {model.name: model for model in self.list()}
        if name not in models:
            raise MethodError(f"There is no model {name!r} here; choose {', '.join(models)}.")
        source = models[name].source
        device = device if device in list_devices() else self.device
        # A file that training writes anew is another model.
        key = name, device, _age(source)
        with self._lock:
            if key not in self._made:
                self._made = {k: made for k, made in self._made.items() if k[:2] != key[:2]}
                self._made[key] = Inpainter(source, device)
            return self._made[key]

    def _list_own(self) -> list[Model]:
        if self.folder is None or not self.folder.is_dir():
            return []
        files = [path for path in self.folder.iterdir() if path.suffix in _SUFFIXES]
        runs = [path / _RUN_WEIGHTS for path in self.folder.iterdir()]
        found = {path.stem: path for path in sorted(files) if path.is_file()}
        found |= {path.parent.name: path for path in sorted(runs) if path.is_file()}
        return [Model(name, "own", _describe(path), path) for name, path in sorted(found.items())]


def _age(source: str | Path) -> float:
    try:
        return source.stat().st_mtime if isinstance(source, Path) else 0.0
    except OSError as error:
        raise MethodError(f"The model {source.stem} is no longer there.") from error


def _describe(path: Path) -> str:
    if path.name == _RUN_WEIGHTS:
        return "Trained here on photos of your own"
    try:
        from inpaint.weights import read_card

        said = read_card(path).get("description") if path.suffix == ".safetensors" else ""
    except InpaintError:
        said = ""
    return said or f"Your own file {path.name}"
