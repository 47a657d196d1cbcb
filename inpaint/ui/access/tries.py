"""Guessing made slow: who gave a wrong password waits before the next try."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

FORGET = 86400.0


class Tries:
    """How long an address waits: not at all after `free` wrong tries, then 1, 2, 4 ... seconds,
    `longest` at most. Nobody waits for what another address did.

    An IPv6 address stands for its /64 network, which is commonly one visitor's. A day without a
    try forgets an address; of more than `most` addresses the oldest is forgotten.
    """

    def __init__(
        self,
        free: int = 5,
        longest: float = 60.0,
        most: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.free = free
        self.longest = longest
        self.most = most
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}  # by address: how many, when the last

    def wait(self, address: str) -> float:
        """Seconds until the address may try."""
        number, last = self._recall(address)
        if number < self.free:
            return 0.0
        pause = min(2.0 ** min(number - self.free, 32), self.longest)
        return max(0.0, last + pause - self._clock())

    def count(self, address: str) -> None:
        """The address gave a wrong password."""
        number, _ = self._recall(address)
        self.forgive(address)  # so that it is the newest again
        self._wrong[_network(address)] = number + 1, self._clock()
        if len(self._wrong) > self.most:
            del self._wrong[next(iter(self._wrong))]

    def forgive(self, address: str) -> None:
        """The address gave the right one."""
        self._wrong.pop(_network(address), None)

    def _recall(self, address: str) -> tuple[int, float]:
        number, last = self._wrong.get(_network(address), (0, 0.0))
        return (0, 0.0) if self._clock() - last > FORGET else (number, last)


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((int(known), 64), strict=False))
