"""The page of the Restore tab: its HTML and CSS, and the JavaScript modules served beside it."""

from pathlib import Path

CANVAS = Path(__file__).parent
