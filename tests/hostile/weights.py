"""Weights files that lie, made from a tiny network's."""

from __future__ import annotations

import copy
import json
import pickle
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from valid import READ, REFUSED, HostileFile

from inpaint import weights
from inpaint.network import InpaintingNetwork, NetworkConfig

OPTIONS = {"encoder_options": {"width": 4}, "bottleneck_options": {"dilations": [1]}}
KERNEL = "encoder.stem.1.0.weight"
DEEP = "[" * 100_000


def make() -> Iterator[HostileFile]:
    torch.manual_seed(0)
    network = InpaintingNetwork(NetworkConfig(**OPTIONS))
    with tempfile.TemporaryDirectory() as folder:
        path = weights.save_network(Path(folder, "a.safetensors"), network, {}, dtype="int8")
        data = path.read_bytes()

    def file(name: str, content: bytes, expected: str | None = REFUSED) -> HostileFile:
        return HostileFile("weights", f"{name}.safetensors", content, expected)

    yield file("valid", data, READ)
    for name, content in _containers(data).items():
        yield file(name, content)
    for name, change in _headers().items():
        yield file(name, _rewritten(data, change))
    # Odd, but without effect.
    harmless = {"preset-list", "preset-number", "preset-data-text", "side-nothing"}
    harmless |= {"decoder-blocks-minus", "dilations-1e9", "pretrained"}
    for name, card in _cards().items():
        whole = {"format_version": 1, "network": {**OPTIONS, **card.pop("network", {})}, **card}
        yield file(name, _with_card(data, json.dumps(whole)), None if name in harmless else REFUSED)
    for name, text in _texts().items():
        yield file(name, _with_card(data, text))


def _containers(data: bytes) -> dict[str, bytes]:
    (length,) = struct.unpack_from("<Q", data)
    state = {"a": torch.zeros(2)}
    return {
        "empty": b"",
        "seven-bytes": data[:7],
        "header-of-nothing": bytes(8),
        "header-beyond": struct.pack("<Q", 2**63) + data[8:],
        "header-of-100-MB": struct.pack("<Q", 99_999_999) + data[8:],
        "header-shorter": struct.pack("<Q", length - 9) + data[8:],
        "header-noise": struct.pack("<Q", 64) + b"\xff" * 64,
        "header-nested": struct.pack("<Q", len(DEEP)) + DEEP.encode(),
        "cut": data[:-1],
        "cut-in-header": data[: length // 2],
        "grown": data + bytes(100),
        "pickle": pickle.dumps(state),
        "program": b"\x80\x04cos\nsystem\n(S'touch /tmp/photomend-was-here'\ntR.",
        "archive": b"PK\3\4" + bytes(300),
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(300),
    }


def _headers() -> dict[str, object]:
    def set_entry(**values):
        return lambda header: header[KERNEL].update(values)

    def overlap(header):
        offsets = {name: e["data_offsets"] for name, e in header.items() if name != "__metadata__"}
        first = next(iter(offsets))
        header[KERNEL]["data_offsets"] = offsets[first]

    def add(name, entry):
        return lambda header: header.update({name: entry})

    scale = f"{KERNEL}.scale"
    return {
        "shape-huge": set_entry(shape=[2**62, 2**62]),
        "shape-other": set_entry(shape=[16, 4, 3, 3]),
        "shape-flat": set_entry(shape=[576]),
        "shape-minus": set_entry(shape=[-4, 16, 3, 3]),
        "shape-text": set_entry(shape="4,16,3,3"),
        "shape-nothing": set_entry(shape=[0, 2**61], data_offsets=[0, 0]),
        "dtype-unknown": set_entry(dtype="X9"),
        "dtype-larger": set_entry(dtype="F64"),
        "dtype-unsigned": set_entry(dtype="U8"),
        "dtype-bool": set_entry(dtype="BOOL"),
        "dtype-tiny-float": set_entry(dtype="F8_E4M3"),
        "offsets-beyond": set_entry(data_offsets=[0, 2**40]),
        "offsets-back": set_entry(data_offsets=[900, 0]),
        "offsets-minus": set_entry(data_offsets=[-5, 571]),
        "offsets-overlap": overlap,
        "no-offsets": lambda header: header[KERNEL].pop("data_offsets"),
        "no-scale": lambda header: header.pop(scale),
        "scale-alone": lambda header: header.pop(KERNEL),
        "tensor-too-many": add("extra", {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}),
        "names-too-long": add(
            "x" * 900_000, {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
        ),
        "lines-in-name": add(
            "a\nb\r\x1b[2J", {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
        ),
        "metadata-list": add("__metadata__", ["photomend"]),
        "metadata-number": lambda header: header["__metadata__"].update(photomend=3),
        "no-metadata": lambda header: header.pop("__metadata__"),
        "not-ours": lambda header: header["__metadata__"].pop("photomend"),
    }


def _cards() -> dict[str, dict]:
    def options(**values):
        return {"network": {"encoder_options": values}}

    def dilations(value):
        return {"network": {"bottleneck_options": {"dilations": value}}}

    return {
        "width-1e9": options(width=10**9),
        "width-1e30": options(width=10**30),
        "width-0": options(width=0),
        "width-minus": options(width=-4),
        "width-fraction": options(width=4.5),
        "width-text": options(width="4\n4"),
        "width-list": options(width=[4]),
        "width-nothing": options(width=None),
        "width-infinite": options(width=float("inf")),
        "unknown-option": options(**{"y" * 100_000: 1}),
        "options-list": {"network": {"encoder_options": [1]}},
        "options-text": {"network": {"encoder_options": "width"}},
        "pretrained": {
            "network": {"encoder": "resnet18", "encoder_options": {"pretrained": "/etc/passwd"}}
        },
        "encoder-list": {"network": {"encoder": ["light"]}},
        "encoder-lines": {"network": {"encoder": "light\nor not\x1b[2J"}},
        "encoder-long": {"network": {"encoder": "light" * 200_000}},
        "encoder-other": {"network": {"encoder": "resnet50", "encoder_options": {}}},
        "unknown-key": {"network": {"speed": 3}},
        "decoder-blocks-1e9": {"network": {"decoder_options": {"blocks": 10**9}}},
        "decoder-blocks-4000": {"network": {"decoder_options": {"blocks": 4000}}},
        "decoder-blocks-minus": {"network": {"decoder_options": {"blocks": -3}}},
        "decoder-blocks-text": {"network": {"decoder_options": {"blocks": "many"}}},
        "dilations-1e9": dilations([10**9]),
        "dilations-number": dilations(10**9),
        "dilations-0": dilations([0]),
        "dilations-minus": dilations([-1]),
        "dilations-text": dilations("1"),
        "dilations-many": dilations([1] * 200_000),
        "dilations-nested": dilations([[[1]]]),
        "noise-1e9": {"network": {"noise": 1e9}},
        "noise-minus": {"network": {"noise": -1}},
        "noise-text": {"network": {"noise": "much"}},
        "noise-nan": {"network": {"noise": float("nan")}},
        "prefill-other": {"network": {"prefill": "exec"}},
        "side-0": {"max_side": 0},
        "side-minus": {"max_side": -512},
        "side-text": {"max_side": "big"},
        "side-nothing": {"max_side": None},
        "side-infinite": {"max_side": float("inf")},
        "side-nan": {"max_side": float("nan")},
        "side-list": {"max_side": [512]},
        "preset-list": {"preset": [1]},
        "preset-data-text": {"preset": {"data": "size"}},
        "preset-size-text": {"preset": {"data": {"size": "256"}}},
        "preset-size-minus": {"preset": {"data": {"size": -256}}},
        "version-99": {"format_version": 99},
        "version-lines": {"format_version": "1\n2\x1b[2J" + "3" * 100_000},
        "version-list": {"format_version": [1]},
        "version-missing": {"format_version": None},
        "preset-number": {"preset": 3},
    }


def _texts() -> dict[str, str]:
    return {
        "card-empty": "",
        "card-cut": '{"format_version": 1,',
        "card-list": "[]",
        "card-number": "1e999",
        "card-nested": DEEP,
        "card-nested-dicts": '{"a":' * 100_000,
        "card-long-number": '{"format_version": ' + "9" * 9000 + "}",
        "card-without-network": '{"format_version": 1}',
        "card-network-list": '{"format_version": 1, "network": [1, 2]}',
        "card-network-text": '{"format_version": 1, "network": "light"}',
        "card-huge": '{"format_version": 2, "a": "' + "b" * 5_000_000 + '"}',
    }


def _rewritten(data: bytes, change) -> bytes:
    (length,) = struct.unpack_from("<Q", data)
    header = copy.deepcopy(json.loads(data[8 : 8 + length]))
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def _with_card(data: bytes, card: str) -> bytes:
    return _rewritten(data, lambda header: header.update(__metadata__={"photomend": card}))
