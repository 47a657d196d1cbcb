"""Start the web app: python app.py [--host 127.0.0.1] [--port 7860] [--device auto]."""

from __future__ import annotations

import argparse
import sys

from inpaint.errors import InpaintError
from inpaint.ui import launch


def main() -> int:
    parser = argparse.ArgumentParser(description="Start photomend's web app.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on; 0: any free")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps ...")
    arguments = parser.parse_args()
    try:
        launch(arguments.host, arguments.port, arguments.device)
    except InpaintError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
