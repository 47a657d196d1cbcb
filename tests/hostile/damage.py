"""What happens to any file: cut off, bits flipped, overwritten, grown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from valid import REFUSED, HostileFile


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    for number, (name, data) in enumerate(valid.items()):
        rng = np.random.default_rng([1, number])
        for share in (0.02, 0.3, 0.6, 0.9):
            yield HostileFile("cut", f"{share}-{name}", data[: int(share * len(data))], REFUSED)
        yield HostileFile("cut", f"last-{name}", data[:-1])
        for flips, reach in ((1, 64), (4, 512), (3, len(data)), (12, len(data)), (40, len(data))):
            broken = bytearray(data)
            for place in rng.integers(0, min(reach, len(data)), flips):
                broken[place] ^= 1 << rng.integers(0, 8)
            yield HostileFile("flipped", f"{flips}-{reach}-{name}", bytes(broken))
        middle, some = len(data) // 2, len(data) // 8
        zeroed = data[:middle] + bytes(some) + data[middle + some :]
        yield HostileFile("flipped", f"zeroed-{name}", zeroed)
        yield HostileFile("grown", f"noise-{name}", data[:48] + rng.bytes(4000))
        yield HostileFile("grown", f"twice-{name}", data + data)
