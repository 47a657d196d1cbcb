"""Evaluations under way, and each person's last: nothing is lost when a page is stopped or left."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator

from inpaint.ui.evaluate.job import Outcome, Progress, evaluate_photos
from inpaint.ui.evaluate.order import Order
from inpaint.ui.restore.jobs import StoppedError
from inpaint.ui.restore.session import ExpiredError
from inpaint.ui.state import State


class Runs:
    """Runs by their owner and page. To be used from the event loop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stops: dict[tuple[str, str], threading.Event] = {}
        self._last: dict[str, tuple[float, Outcome]] = {}

    async def follow(
        self, order: Order, owner: str, page: str
    ) -> AsyncIterator[Progress | Outcome]:
        """Carry out an order; yield how far it is, and last its outcome.

        It stops after the fill under way when `stop` says so or the page is left. Raises what
        `evaluate_photos` raises, StoppedError too.
        """
        events: asyncio.Queue[Progress | Outcome | Exception] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        stop = self._stops[owner, page] = threading.Event()

        def put(event: Progress | Outcome | Exception) -> None:
            with contextlib.suppress(RuntimeError):  # the app has ended
                loop.call_soon_threadsafe(events.put_nowait, event)

        def tell(progress: Progress) -> None:
            if stop.is_set():
                raise StoppedError("Stopped.")
            put(progress)

        def work() -> None:
            try:
                outcome = evaluate_photos(self._state, order, owner, tell)
                self._keep(owner, outcome)
                put(outcome)
            except Exception as error:
                put(error)

        threading.Thread(target=work, name="evaluate", daemon=True).start()
        try:
            while isinstance(event := await events.get(), Progress):
                yield event
            if isinstance(event, Exception):
                raise event
            yield event
        finally:
            stop.set()
            if self._stops.get((owner, page)) is stop:
                del self._stops[owner, page]

    def stop(self, owner: str, page: str) -> bool:
        """End the page's run after the fill under way; whether there is one."""
        stop = self._stops.get((owner, page))
        if stop is not None:
            stop.set()
        return stop is not None

    def find_last(self, owner: str) -> Outcome | None:
        """The owner's last outcome, as long as its files are kept."""
        _, outcome = self._last.get(owner, (0.0, None))
        try:
            if outcome is not None:
                self._state.files.get(outcome.archive, owner)
        except ExpiredError:
            return None
        return outcome

    def _keep(self, owner: str, outcome: Outcome) -> None:
        limit = time.monotonic() - self._state.files.time_to_live
        kept = {who: last for who, last in self._last.items() if last[0] >= limit}
        self._last = {**kept, owner: (time.monotonic(), outcome)}
