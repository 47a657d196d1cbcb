"""`inpaint app`."""

from __future__ import annotations

import argparse

from inpaint.errors import InpaintError


def run(arguments: argparse.Namespace) -> int:
    """Serve the web app until it is interrupted."""
    try:
        from inpaint.ui import launch
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "inpaint":
            raise
        raise InpaintError(f"the web app needs a package that is missing: {error.name}") from error
    launch(host=arguments.host, port=arguments.port, device=arguments.device)
    return 0
