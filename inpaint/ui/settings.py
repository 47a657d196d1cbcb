"""What the app is started with, and the command-line arguments that say it."""

from __future__ import annotations

import argparse
import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.errors import InpaintError

_AUTH_VARIABLE = "PHOTOMEND_AUTH"
_ROOT_PATH = re.compile(r"(/[\w.~-]+)*", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """device: "auto", "cpu" or a torch device, for the methods that are networks.
    models: a folder of weights to offer besides the shipped ones; what is trained in the app is
    written there too. max_megapixels: of a photo. auth: name and password without which nobody
    gets anything. root_path: where a proxy shows the app, such as "/photomend".
    """

    host: str = "127.0.0.1"
    port: int = 7860
    device: str = "auto"
    models: Path = Path("models")
    max_megapixels: float = 100
    auth: tuple[str, str] | None = field(default=None, repr=False)
    root_path: str = ""

    @property
    def max_pixels(self) -> int:
        return round(self.max_megapixels * 1e6)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The app's options, the same for app.py and `inpaint app`."""
    default = Settings()
    parser.add_argument("--host", default=default.host, help="address to listen on")
    parser.add_argument("--port", type=int, default=default.port, help="0: any free one")
    parser.add_argument("--device", default=default.device, help="auto, cpu, cuda, cuda:1, mps ...")
    parser.add_argument(
        "--models",
        type=Path,
        default=default.models,
        metavar="FOLDER",
        help="weights of your own to offer, and where the app's Train tab writes (models)",
    )
    parser.add_argument(
        "--max-megapixels", type=float, default=default.max_megapixels, help="of a photo (100)"
    )
    parser.add_argument(
        "--auth",
        metavar="NAME:PASSWORD",
        default=os.environ.get(_AUTH_VARIABLE),
        help=f"let nobody in without them; better in the variable {_AUTH_VARIABLE}, which other "
        "users of the machine cannot see",
    )
    parser.add_argument(
        "--root-path", default=default.root_path, help="where a proxy shows the app: /photomend"
    )


def read_settings(arguments: argparse.Namespace) -> Settings:
    """From parsed arguments. InpaintError says which value is impossible."""
    auth = None
    if arguments.auth:
        name, colon, password = arguments.auth.partition(":")
        if not (name and colon and password):
            raise InpaintError("--auth takes a name and a password: --auth ann:secret")
        auth = (name, password)
    if not 0 < arguments.max_megapixels < math.inf:
        raise InpaintError(f"--max-megapixels is above 0, not {arguments.max_megapixels:g}")
    root_path = arguments.root_path.rstrip("/")
    if not _ROOT_PATH.fullmatch(root_path):
        raise InpaintError(f"--root-path takes a path: --root-path /{root_path.strip('/')}")
    if arguments.models.exists() and not arguments.models.is_dir():
        raise InpaintError(f"--models {arguments.models}: not a folder")
    return Settings(
        arguments.host,
        arguments.port,
        arguments.device,
        arguments.models,
        arguments.max_megapixels,
        auth,
        root_path,
    )
