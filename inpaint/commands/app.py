"""`inpaint app`."""

from __future__ import annotations

import argparse

from inpaint import ui
from inpaint.errors import InpaintError
from inpaint.ui.settings import read_settings


def run(arguments: argparse.Namespace) -> int:
    """Serve the web app until it is interrupted."""
    try:
        ui.launch(read_settings(arguments))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "inpaint":
            raise
        raise InpaintError(f"the web app needs a package that is missing: {error.name}") from error
    return 0
