"""How quick every method is on this machine's CPU: python benchmarks/speed.py --write docs/speed.md

All take turns in one process for each number of threads, and the medians are compared with that of
ResNet-50's forward pass in torch at the same size (float32, the quicker of its two memory layouts).
Also: how much of the machine's best rate of multiply-adds they reach, and how much memory they
take, each in a process of its own. What is not in the table of this machine is not known.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from memory import peak_memory

SIZES = (256, 512, 1024)
LAYOUTS = {"ResNet-50": "contiguous_format", "ResNet-50, channels last": "channels_last"}
GRAPH_RUNTIMES = ("onnxruntime", "openvino")
_REST = 0.05  # seconds until the threads of the one before have ceased to spin
_PRECISIONS = ("fp32", "fp16", "int8")
_RULE = (
    "## Which one is taken",
    "",
    "`--runtime auto` takes torch on a GPU, and ONNX Runtime on a CPU: with most networks it needs "
    "less time than torch, a fifth of the memory, and starts without importing torch. OpenVINO is "
    "quicker still with most, but compiles a network before its first fill: from the command to "
    "the file of one photo it takes about twice as long (`python benchmarks/cold_start.py "
    "--runtimes auto openvino torch`). So it is taken where it is asked for, `--runtime openvino`, "
    "which pays from some dozens of windows on.",
)
# Dense 3x3 convolutions of different shapes (channels, side): the best rate is the machine's.
_SHAPES = ((64, 128), (128, 64), (128, 128), (192, 64), (256, 64))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write", type=Path, help="a Markdown file for the table")
    parser.add_argument("--methods", nargs="+", default=[], help="also these names or files")
    parser.add_argument("--only-times", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only-memory", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_times:  # a process of its own, with its own number of threads
        print(json.dumps(measure_times(arguments.methods, arguments.sizes, arguments.repeats)))
        return 0
    if arguments.only_memory:
        print(measure_memory(candidates(arguments.methods)[arguments.only_memory]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        methods = ["--methods", *export_all(Path(folder)), *arguments.methods]
        options = ["--repeats", str(arguments.repeats), "--sizes", *map(str, arguments.sizes)]
        parts = {
            threads: run_part([*methods, *options, "--only-times"], threads)
            for threads in sorted({1, os.cpu_count()})
        }
        memory = {
            name: run_part([*methods, "--only-memory", name], os.cpu_count())
            for name in candidates(methods[1:])
        }
    text = page(parts, memory, arguments.repeats)
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    return 0


def runtimes() -> list[str]:
    return [name for name in ("torch", *GRAPH_RUNTIMES) if importlib.util.find_spec(name)]


def candidates(extra: list[str]) -> dict[str, tuple[str, str]]:
    """What is measured: a method's name or file, and its runtime, by what the table calls it."""
    from inpaint import list_methods

    found = {}
    for info in list_methods():
        if info.kind == "network":
            for runtime in runtimes():
                found[f"{info.name}, {runtime}"] = (info.name, runtime)
        elif info.name != "biharmonic":  # which takes minutes
            found[info.name] = (info.name, "auto")
    for path in extra:
        found[Path(path).stem] = (path, "auto")
    return found


def export_all(folder: Path) -> list[str]:
    """The default network in each precision, as `inpaint export` writes it."""
    import skimage.data
    from PIL import Image

    from inpaint.onnx_graph import export

    photos = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        photos.append(folder / f"{name}.png")
        Image.fromarray(getattr(skimage.data, name)()).save(photos[-1])
    return [
        str(export("default", folder / f"default-{p}.onnx", p, photos).path) for p in _PRECISIONS
    ]


def run_part(options: list[str], threads: int) -> dict:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, *options]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_times(extra: list[str], sizes: list[int], repeats: int) -> dict:
    """Median seconds of all by name and size, and the best rates in GMAC/s, in this process."""
    import cv2
    import torch
    import torchvision

    from inpaint.methods import create_method, fill_mirrored

    threads = int(os.environ["OMP_NUM_THREADS"])
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    calls: dict[str, Callable] = {}
    for name, layout in LAYOUTS.items():
        layout = getattr(torch, layout)
        network = torchvision.models.resnet50(weights=None).eval().to(memory_format=layout)

        def forward(image, hole, network=network, layout=layout):
            x = torch.from_numpy(image).permute(2, 0, 1)[None].contiguous(memory_format=layout)
            with torch.inference_mode():
                network(x)

        calls[name] = forward
    for name, (method, runtime) in candidates(extra).items():
        calls[name] = functools.partial(fill_mirrored, create_method(method, "cpu", runtime))
    seconds: dict[str, dict[int, float]] = {name: {} for name in calls}
    spread: list[float] = []  # times of the yardstick over their median
    for size in sizes:
        case = make_case(size)
        turns = {name: lambda call=call, case=case: call(*case) for name, call in calls.items()}
        for name, taken in take_turns(turns, repeats).items():
            seconds[name][size] = statistics.median(taken)
            if name in LAYOUTS:
                spread += [value / seconds[name][size] for value in taken]
    rates = measure_rates(repeats)
    return {"seconds": seconds, "rates": rates, "spread": (min(spread), max(spread))}


def make_case(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture and a hole of an eighth of it."""
    rng = np.random.default_rng(0)
    hole = np.zeros((size, size), bool)
    hole[size // 4 : size // 2, size // 4 : 3 * size // 4] = True
    return rng.random((size, size, 3), np.float32), hole


def take_turns(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, all called once to warm up, then in turns."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for repeat in range(repeats + 1):
        for name, call in calls.items():
            time.sleep(_REST)
            began = time.perf_counter()
            call()
            if repeat:
                taken[name].append(time.perf_counter() - began)
    return taken


def measure_rates(repeats: int) -> dict[str, float]:
    """GMAC/s of a matrix product, and of the best dense 3x3 convolution in each runtime."""
    import torch
    from torch.nn import functional as F

    side = 2048
    a, b = torch.rand(side, side), torch.rand(side, side)
    calls: dict[str, Callable[[], object]] = {"matrix product": lambda: a @ b}
    work = {"matrix product": side**3}
    for channels, size in _SHAPES:
        x = torch.rand(1, channels, size, size)
        weight = torch.rand(channels, channels, 3, 3)
        last = x.contiguous(memory_format=torch.channels_last)
        kernel = weight.contiguous(memory_format=torch.channels_last)
        new = {
            f"torch {channels} {size}": lambda x=x, w=weight: F.conv2d(x, w, padding=1),
            f"torch {channels} {size} last": lambda x=last, w=kernel: F.conv2d(x, w, padding=1),
        }
        for runtime in runtimes()[1:]:
            run, feed = one_convolution(channels, runtime), {"x": x.numpy()}
            new[f"{runtime} {channels} {size}"] = lambda run=run, feed=feed: run(feed)
        calls |= new
        work |= dict.fromkeys(new, 9 * channels * channels * size * size)
    with torch.inference_mode():
        taken = take_turns(calls, repeats)
    rates: dict[str, float] = {}
    for name, values in taken.items():
        kind = name if name == "matrix product" else name.split()[0]
        rates[kind] = max(rates.get(kind, 0), work[name] / statistics.median(values) / 1e9)
    return rates


def one_convolution(channels: int, runtime: str) -> Callable:
    """A 3x3 convolution that takes {"x": array}, as the methods of that runtime run it."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    weight = rng.random((channels, channels, 3, 3), np.float32)
    shape = [1, channels, "height", "width"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    if runtime == "openvino":
        from inpaint.methods.openvino import compile_model

        return compile_model(model)
    from inpaint.methods.onnxruntime import open_session

    session = open_session(model.SerializeToString())
    return lambda feed: session.run(None, feed)


def measure_memory(candidate: tuple[str, str]) -> float:
    """Peak resident megabytes of a process that fills a hole in a picture of 512 x 512 once."""
    from inpaint import create_method

    create_method(candidate[0], "cpu", candidate[1]).fill(*make_case(512))
    return peak_memory() / 1e6


def page(parts: dict[int, dict], memory: dict[str, float], repeats: int) -> str:
    """docs/speed.md."""
    import onnxruntime
    import torch

    from inpaint.weights import list_weights

    gmac = {info.name: info.card.get("gmac_512") for info in list_weights()}
    most = max(parts)
    least = min(part["spread"][0] for part in parts.values())
    longest = max(part["spread"][1] for part in parts.values())
    sizes = list(next(iter(parts[most]["seconds"].values())))
    lines = [
        "# Speed on a CPU",
        "",
        f"Written by `{shlex.join(['python', *sys.argv])}` on {cpu_name()}, {os.cpu_count()} "
        f"cores, torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}"
        f"{openvino_version()}. While it ran, "
        f"ResNet-50 took from {least:.2f} to {longest:.2f} of its median at the same size: so much "
        "is noise.",
        "",
        f"Times are medians of {repeats} fills, all methods taking turns, over the median of "
        "ResNet-50's forward pass in torch at the same size and number of threads (float32, its "
        "quicker memory layout). `default-int8` and its like are what `inpaint export` writes. "
        "`faithful` fills windows of 256 pixels twice, mirrored too. These are the networks "
        "alone: a hole that becomes texture takes several times as long (large-holes.md). "
        "Rate: multiply-adds a second at 512 pixels, as a share of the best dense 3x3 convolution "
        "in the same runtime. Memory: peak of a process that fills one 512 x 512 picture.",
        "",
    ]
    heads = [f"{size}, {threads} thr." for threads in parts for size in sizes]
    lines.append("| | " + " | ".join(heads) + " | rate at 512 | memory, MB |")
    lines.append("|---|" + "---:|" * (len(heads) + 2))
    units = {
        threads: {size: min(part["seconds"][name][size] for name in LAYOUTS) for size in sizes}
        for threads, part in parts.items()
    }
    for name in parts[most]["seconds"]:
        ratios = [
            f"{part['seconds'][name][size] / units[threads][size]:.2f}"
            for threads, part in parts.items()
            for size in sizes
        ]
        network = name.partition(",")[0].removesuffix("-fp32")
        rate = ""
        if gmac.get(network) and "512" in sizes:
            runtime = name.partition(", ")[2] or "onnxruntime"
            reached = gmac[network] / parts[most]["seconds"][name]["512"]
            rate = f"{reached / parts[most]['rates'][runtime]:.0%}"
        held = f"{memory[name]:.0f}" if name in memory else ""
        lines.append(f"| {name} | " + " | ".join(ratios) + f" | {rate} | {held} |")
    lines += ["", "Best rates in GMAC/s (float32):", ""]
    kinds = list(parts[most]["rates"])
    lines += ["| threads | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds)]
    for threads, part in parts.items():
        lines.append(
            f"| {threads} | " + " | ".join(f"{part['rates'][kind]:.0f}" for kind in kinds) + " |"
        )
    return "\n".join([*lines, "", *_RULE, ""])


def openvino_version() -> str:
    if "openvino" not in runtimes():
        return ""
    import openvino

    return f", OpenVINO {openvino.__version__.partition('-')[0]}"


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
                dots = "with" if "vnni" in flags else "without"
                return f"{line.partition(':')[2].strip()} ({dots} int8 dot products)"
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
