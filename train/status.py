"""Where a run is, in RUN/status.json, for programs that watch it."""

from __future__ import annotations

import time
from collections.abc import Callable

from train.photos import DataCheck
from train.run import RunFolder

_EVERY = 2.0  # seconds between two tellings of the same phase
_NAMED = 20  # photos left out that are told by name


class Status:
    """Tells the phase ("preparing", "training", "validating", then "trained" or "stopped"), samples
    of total, samples a second since training began (null before), and what the data check found.
    """

    def __init__(
        self,
        run: RunFolder,
        check: DataCheck,
        total: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._run, self._clock = run, clock
        self._facts = {
            "total": total,
            "photos": len(check.photos),
            "left_out": len(check.skipped),
            "reasons": check.skipped[:_NAMED],
        }
        self._phase, self._told_at = "", 0.0
        self._began: tuple[float, int] | None = None  # when, at how many samples

    def begin(self, samples: int) -> None:
        """From now on the speed is measured; time that validation takes counts too."""
        self._began = self._clock(), samples

    def tell(self, phase: str, samples: int | None) -> None:
        """Write where the run is, unless the same phase was told just now. None: not known yet."""
        now = self._clock()
        if phase == self._phase and now - self._told_at < _EVERY:
            return
        self._phase, self._told_at = phase, now
        speed = None
        if self._began is not None and now > self._began[0]:
            speed = round((samples - self._began[1]) / (now - self._began[0]), 2)
        told = {"phase": phase, "samples": samples, "samples_per_second": speed}
        self._run.save_status(told | self._facts)
