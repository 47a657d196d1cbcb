"""Many people at once: does each get the right result, in order, and does memory return?

    python benchmarks/sessions.py [--sessions 32] [--rounds 3] [--method default] [--size 1600x1200]

Starts the app and talks to it as the page does, each session with a cookie, a photo and a mask of
its own: upload, mask, order through Gradio's queue, news, file, close. Prints a line a round. Exit
code 1 if a result was wrong, somebody was overtaken, or memory did not return.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import re
import secrets
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
ALLOWED_GROWTH = 0.10  # of the memory held before
_SETTLE = 90.0  # seconds that memory may take to return: the app sweeps once a minute
_LATE = 1.0  # seconds that news of an end may take, on a busy machine
_ASK = 0.5  # seconds between two looks at the news


@dataclass
class Session:
    """One person: a photo (uint8 H x W x 3), a hole (bool H x W), and what became of them.

    ahead: how many were before this one, as the app told it, over time. wrong: what was wrong with
    the result.
    """

    photo: np.ndarray
    hole: np.ndarray
    joined: float = 0.0
    done: float = 0.0
    ahead: list[int] = field(default_factory=list)
    address: str = ""
    file: bytes = b""
    wrong: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--method", default="default")
    parser.add_argument("--size", default="1600x1200", help="of a photo; at most 1600 a side")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    command = [sys.executable, str(ROOT / "app.py"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as app:
        try:
            address = re.search(r"http://\S+", app.stdout.readline())[0]
            run_round(address, make_sessions(2, width, height), arguments.method)  # models load
            time.sleep(_SETTLE)  # what reading the models has left is given back
            before = read_memory(app.pid)
            print(f"memory before: {before >> 20} MiB", flush=True)
            good = True
            for _ in range(arguments.rounds):
                sessions = make_sessions(arguments.sessions, width, height)
                peak = run_round(address, sessions, arguments.method, app.pid)
                after = settle(app.pid, before)
                said = "; ".join(filter(None, (session.wrong for session in sessions)))
                shown = sum(bool(session.ahead) for session in sessions)
                waits = [session.done - session.joined for session in sessions]
                print(
                    f"{len(sessions)} sessions: wrong {said or 'none'}, "
                    f"overtaken {count_overtaken(sessions)}, position shown to {shown}, "
                    f"median {statistics.median(waits):.1f} s, longest {max(waits):.1f} s, "
                    f"memory at most {peak >> 20} MiB, then {after >> 20} MiB",
                    flush=True,
                )
                good &= not said and not count_overtaken(sessions)
            return 0 if good and after <= before * (1 + ALLOWED_GROWTH) else 1
        finally:
            app.send_signal(signal.SIGINT)


def make_sessions(number: int, width: int, height: int) -> list[Session]:
    """Sessions whose photos and holes all differ."""
    sessions = []
    y, x = np.mgrid[0:height, 0:width]
    for seed in range(number):
        rng = np.random.default_rng((seed, secrets.randbits(32)))
        waves = [128 + 100 * np.sin(x * a + y * b) for a, b in rng.uniform(-0.05, 0.05, (3, 2))]
        photo = np.stack(waves, -1) + rng.normal(0, 4, (height, width, 3))
        hole = np.zeros((height, width), bool)
        top, left = rng.integers(0, height * 3 // 4), rng.integers(0, width * 3 // 4)
        hole[top : top + height // 8, left : left + width // 8] = True
        sessions.append(Session(photo.clip(0, 255).astype(np.uint8), hole))
    return sessions


def count_overtaken(sessions: list[Session]) -> int:
    """How many were done before somebody who had joined before them, or saw others let in before.

    What is closer together than news take counts as in order.
    """
    done = [one.done for one in sorted(sessions, key=lambda one: one.joined)]
    late = sum(later < max(done[:at]) - _LATE for at, later in enumerate(done) if at)
    return late + sum(one.ahead != sorted(one.ahead, reverse=True) for one in sessions)


def settle(pid: int, before: int) -> int:
    """Wait until a process holds about as much memory as before, not for ever; what it holds."""
    until = time.monotonic() + _SETTLE
    while (now := read_memory(pid)) > before * (1 + ALLOWED_GROWTH) and time.monotonic() < until:
        time.sleep(1)
    return now


def read_memory(pid: int) -> int:
    """Bytes, resident, of a process now. Linux only."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


def run_round(address: str, sessions: list[Session], method: str, pid: int | None = None) -> int:
    """All restore at once, take their files home, and close; the most memory `pid` held."""
    return asyncio.run(_run_round(address, sessions, method, pid))


async def _run_round(address: str, sessions: list[Session], method: str, pid: int | None) -> int:
    async with contextlib.AsyncExitStack() as stack:
        # An idle connection is given up before the app, which waits for 5 s, closes it.
        limits = httpx.Limits(keepalive_expiry=2)
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=address, timeout=600, limits=limits)
            )
            for _ in sessions
        ]
        memory: list[int] = [0]
        watching = asyncio.create_task(_watch_memory(pid, memory))
        event = await _find_event(clients[0])
        opened = await asyncio.gather(*map(_open, clients, sessions))
        jobs = []
        # They order one after the other, so that it is known who came first.
        for client, session, (photo_id, revision) in zip(clients, sessions, opened):
            order = {"id": photo_id, "revision": revision, "method": method}
            page = secrets.token_hex(6)
            asked = {"data": [order], "fn_index": event, "session_hash": page}
            (await client.post("/gradio_api/queue/join", json=asked)).raise_for_status()
            session.joined = time.perf_counter()
            jobs.append(asyncio.create_task(_finish(client, session, photo_id, page)))
        await asyncio.gather(*jobs)
        for client, session in zip([*clients[1:], clients[0]], sessions):
            if len(clients) > 1 and (await client.get(session.address)).status_code != 404:
                session.wrong = "somebody else could fetch it"
        for client, (photo_id, _) in zip(clients, opened):
            (await client.post(f"/api/photos/{photo_id}/close")).raise_for_status()
        watching.cancel()
    for session in sessions:  # not before: it takes the time of the app and of this clock
        session.wrong = session.wrong or _judge(session)
    return max(memory)


async def _watch_memory(pid: int | None, memory: list[int]) -> None:
    while pid is not None:
        memory.append(read_memory(pid))
        await asyncio.sleep(_ASK)


async def _find_event(client: httpx.AsyncClient) -> int:
    """The number of the event that the canvas starts."""
    config = (await client.get("/config")).json()
    named = (
        one["id"] for one in config["components"] if one["props"].get("elem_id") == "photomend"
    )
    target = [next(named), "submit"]
    return next(one["id"] for one in config["dependencies"] if target in one["targets"])


async def _open(client: httpx.AsyncClient, session: Session) -> tuple[str, str]:
    """Upload photo and mask; the photo's id and the mask's revision."""
    (await client.get("/api/start")).raise_for_status()
    photo = await asyncio.to_thread(_encode, session.photo)
    opened = (await client.post("/api/photos?name=photo.png", content=photo)).json()
    path = f"/api/photos/{opened['id']}/mask"
    sent = (await client.post(path, content=_encode(session.hole))).json()
    return opened["id"], sent["revision"]


async def _finish(client: httpx.AsyncClient, session: Session, photo_id: str, page: str) -> None:
    """Follow the order to its end, then fetch the file."""
    asking = asyncio.create_task(_ask(client, session, photo_id))
    path = f"/gradio_api/queue/data?session_hash={page}"
    async with client.stream("GET", path) as stream:
        async for line in stream.aiter_lines():
            if '"process_completed"' in line:
                session.done = time.perf_counter()
    news = await asking
    if news["state"] != "done":
        session.wrong = f"{news['state']}: {news.get('message')}"
        return
    path = f"/api/photos/{photo_id}/results/{news['result']['id']}/file"
    session.address = f"/api/files/{(await client.post(path, json={})).json()['file']}"
    session.file = (await client.get(session.address)).content


async def _ask(client: httpx.AsyncClient, session: Session, photo_id: str) -> dict[str, Any]:
    while True:
        news = (await client.get(f"/api/photos/{photo_id}/news")).json()
        if news.get("state") == "waiting":
            session.ahead.append(news["ahead"])
        elif news.get("state") in ("done", "stopped", "failed"):
            return news
        await asyncio.sleep(_ASK)


def _judge(session: Session) -> str:
    with Image.open(io.BytesIO(session.file)) as picture:
        result = np.asarray(picture)
    if result.shape != session.photo.shape:
        return f"a result of {result.shape}"
    changed = (result != session.photo).any(axis=-1)
    if changed[~session.hole].any():
        return "changed outside the hole"
    return "" if changed[session.hole].mean() > 0.5 else "not restored"


def _encode(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
