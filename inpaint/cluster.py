"""Work on many photos, spread over the machines of a Ray cluster.

Ray Data hands the photos out, holds back when workers are busy, and starts again what a machine
that went away had begun. What is done with a photo is the same function as on one machine; files
lie where all machines see them by the same path. Needs the extra `cluster`.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from inpaint.errors import InpaintError

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

LOCAL = "local"
_ITEM, _OUTCOME = "item", "outcome"
_PATIENCE = 5  # seconds
_SMALL = {"include_dashboard": False, "object_store_memory": 100_000_000}  # it holds but names


def map_on_cluster(
    make: Callable[[], Callable[[Item], Outcome]],
    items: Sequence[Item],
    address: str = LOCAL,
    workers: int | None = None,
) -> Iterator[Outcome]:
    """`make()(item)` for each item, in the items' order, as the outcomes come in.

    make: called once in each worker, to load networks, say; it, items and outcomes are pickled.
    address: of a cluster ("auto", "ray://host:10001", "host:6379"), or "local" for one on this
    machine that ends with the work. workers: how many, by default one for two of the cluster's
    CPUs. InpaintError without the package, or where no cluster answers.
    """
    if not items:
        return
    ray = _connect(address)
    try:
        cpus = int(ray.cluster_resources().get("CPU", 1))
        count = min(workers or max(1, cpus // 2), len(items))
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        rows = [{_ITEM: pickle.dumps(item)} for item in items]
        # A block for every photo: none waits for its neighbours.
        photos = ray.data.from_items(rows, override_num_blocks=len(rows))
        done = photos.map(
            _Worker,
            fn_constructor_args=(make,),
            compute=ray.data.ActorPoolStrategy(size=count),
            num_cpus=max(1, cpus // count),
        )
        for row in done.iter_rows():
            yield pickle.loads(row[_OUTCOME])
    except ray.exceptions.RayError as error:
        raise InpaintError(f"the cluster failed ({_last_line(error)})") from error
    finally:
        ray.shutdown()


class _Worker:
    """One process of the cluster, with what it has loaded."""

    def __init__(self, make: Callable[[], Callable]) -> None:
        self._work = make()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {_OUTCOME: pickle.dumps(self._work(pickle.loads(row[_ITEM])))}


def _connect(address: str) -> Any:
    # It counts its users and tells its thoughts, unless told otherwise.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InpaintError(
            f"a cluster needs more packages: pip install 'photomend[cluster]' ({error})"
        ) from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        _knock(address)
        ray.init(
            address=address,
            **(_SMALL if address == LOCAL else {}),
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InpaintError(
            f"no Ray cluster answers at {address!r} ({_last_line(error)})"
        ) from error
    return ray


def _knock(address: str) -> None:
    """OSError where nothing answers, which Ray itself would wait minutes for."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), _PATIENCE).close()


def _last_line(error: Exception) -> str:
    """Of an error that may carry a worker's whole traceback."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(lines[-1].split())[:200]
