"""The arrows between the parts: who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the first match on: what a module's own imports must not reach.
FORBIDDEN = [
    ("inpaint.network", ["inpaint.", "train", "gradio"], ["inpaint.network"]),
    ("inpaint.ui", ["train"], []),
    ("inpaint.methods", ["inpaint.inpainter", "inpaint.evaluation", "inpaint.cli"], []),
    ("inpaint.weights", ["inpaint.methods", "inpaint.inpainter"], []),
    ("inpaint.inpainter", ["inpaint.evaluation", "inpaint.cli"], []),
    ("inpaint.evaluation", ["inpaint.cli"], []),
    ("inpaint", ["train"], []),
    ("train", ["inpaint.ui", "inpaint.cli", "gradio"], []),
]


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("inpaint", "train"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(p for p in parts if p != "__init__"), path))
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package.rstrip(".") + ".")


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: str(value))
def test_arrows_point_down(name, path):
    for package, forbidden, allowed in FORBIDDEN:
        if not within(name, package):
            continue
        for target in imports(path):
            bad = any(within(target, f) for f in forbidden)
            assert not bad or any(within(target, a) for a in allowed), f"{name} imports {target}"


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: str(value))
def test_only_the_app_imports_gradio(name, path):
    if not within(name, "inpaint.ui"):
        assert not any(within(target, "gradio") for target in imports(path))


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: str(value))
def test_modules_stay_readable_in_one_sitting(name, path):
    assert len(path.read_text("utf-8").splitlines()) <= 500


def test_importing_the_library_costs_no_torch():
    heavy = (
        "import sys, inpaint; print([m for m in ('torch', 'cv2', 'gradio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
