"""Start the web app: python app.py [--host 127.0.0.1] [--port 7860] [--models FOLDER] ..."""

from __future__ import annotations

import argparse
import sys

from inpaint.errors import InpaintError
from inpaint.ui import launch
from inpaint.ui.settings import add_arguments, read_settings


def main() -> int:
    parser = argparse.ArgumentParser(description="Start photomend's web app.")
    add_arguments(parser)
    try:
        launch(read_settings(parser.parse_args()))
    except InpaintError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
