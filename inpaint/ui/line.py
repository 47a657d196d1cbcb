"""One computation at a time: whoever came first has the next turn, and knows how many are before.

A photo is one turn, so a folder of a thousand photos lets others in between its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Waiting = Callable[[int], object]


class Line:
    """Turns, first come, first served. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[object] = []  # the first has its turn
        self._moved = threading.Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def turn(self, waiting: Waiting | None = None, every: float = 1.0) -> Iterator[None]:
        """Wait for this thread's turn; it ends with the block.

        waiting: called with how many are before this one whenever that changes and at least every
        `every` seconds, not once it is its turn. What it raises ends the waiting.
        """
        ticket = object()
        with self._moved:
            self._waiting.append(ticket)
        try:
            while ahead := self._ahead(ticket):
                if waiting is not None:
                    waiting(ahead)
                with self._moved:
                    self._moved.wait_for(lambda: self._ahead(ticket) != ahead, every)
            yield
        finally:
            with self._moved:
                self._waiting.remove(ticket)
                self._moved.notify_all()

    def _ahead(self, ticket: object) -> int:
        return self._waiting.index(ticket)
