"""A training run from the data check to the weights file."""

from __future__ import annotations

import copy
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from inpaint.errors import TrainingError
from train.masks import MaskBank, draw_masks, read_masks
from train.parallel import Workers
from train.photos import (
    PhotosInMemory,
    PhotosOnDisk,
    check_photos,
    decoded_gigabytes,
    split,
)
from train.preset import Preset
from train.run import RunFolder
from train.starting import start_from, take_coarse
from train.status import Status
from train.trainer import Trainer
from train.validation import Validator

# Longest window that the result restores without shrinking it. Convolutions run at any size;
# beyond this, time and memory are the limit. Thin scratches lose most by shrinking.
_MAX_SIDE = 1024


class Training:
    """One leg of a run: `prepare` everything, then `fit` until its samples or minutes are spent."""

    def __init__(
        self,
        preset: Preset,
        run: RunFolder,
        workers: Workers,
        sources: Sequence[str | Path],
        *,
        own_masks: str | Path | None = None,
        resume: bool = False,
    ):
        self.preset, self.run, self.workers = preset, run, workers
        self.check = check_photos(sources)
        self._say(str(self.check))
        self._status = Status(run, self.check, preset.run.samples)
        self._tell("preparing", run.last_checkpoint())
        training, validation = split(self.check.photos, preset.data.validation)
        # `split` has shuffled them.
        self._open_data(training[: preset.data.limit or None], own_masks)
        self.trainer = Trainer(preset, workers)
        self._best = float("inf")  # the lowest validation score so far
        self._stop = False
        if resume:
            state = run.load_checkpoint()
            self.trainer.load_state_dict(state)
            self._best = state["best"]
            if workers.is_main:
                run.forget_after(self.trainer.samples)
            self._say(f"resumed at {self.trainer.samples} samples")
        else:
            self._begin(preset.run.start_from, preset.run.coarse_from)
        self._validated_at = -1  # samples
        self.validator = None
        if validation and workers.is_main:
            self.validator = Validator(validation, preset.data.size, workers.device)

    def _begin(self, start: str, coarse: str) -> None:
        """With the weights that the preset names, if any."""
        if start:
            copied, total = start_from(self.trainer, start)
            self._say(f"started from {start}: {copied} of {total} tensors copied")
        if coarse:
            take_coarse(self.trainer, coarse)

    def fit(self, *, minutes: float | None = None) -> bool:
        """Train; True if all samples were seen, False if stopped before, by time or signal.

        Either way the last state is in a checkpoint and in weights.safetensors. TrainingError if
        it diverged: then these hold an earlier one.
        """
        run, began = self.preset.run, time.monotonic()
        saved = began
        self._status.begin(self.trainer.samples)
        handlers = {s: signal.signal(s, self._on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        bar = tqdm(
            total=run.samples,
            initial=self.trainer.samples,
            unit=" samples",
            unit_scale=True,
            disable=not self.workers.is_main,
            dynamic_ncols=True,
        )
        try:
            if run.start_from and self.trainer.samples == 0:
                self._validate()  # to see what training makes of it
            while self.trainer.samples < run.samples:
                self._tell("training", self.trainer.samples)
                step = self.trainer.step_count
                before = self.trainer.samples
                self.trainer.step(self.photos.batch(step), self.masks.batch(step))
                bar.update(run.batch)
                if self.trainer.step_count % run.log_every == 0:
                    self._log(bar)
                if before // run.validate_every < self.trainer.samples // run.validate_every:
                    self._validate()
                now = time.monotonic()
                if self.workers.is_main and now - saved > 60 * run.checkpoint_minutes:
                    self._save()
                    saved = now
                out_of_time = minutes is not None and now - began > 60 * minutes
                if self.workers.any(self._stop or out_of_time):
                    break
            if self._validated_at != self.trainer.samples:
                self._validate()
            if self.workers.is_main:
                self._save()
                self.run.close()
        finally:  # only now: a second signal must not end what writes the checkpoint
            bar.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        done = self.trainer.samples >= run.samples
        self._tell("trained" if done else "stopped", self.trainer.samples)
        return done

    def _open_data(self, training: list, own_masks: str | Path | None) -> None:
        data, run = self.preset.data, self.preset.run
        share = run.batch // self.workers.world
        served = {
            "batch": run.batch,
            "seed": run.seed,
            "device": self.workers.device,
            "part": slice(self.workers.rank * share, (self.workers.rank + 1) * share),
        }
        gigabytes = decoded_gigabytes(self.check.sizes, data.photo_side)
        store = PhotosInMemory if gigabytes <= data.memory_gb else PhotosOnDisk
        self.photos = store(training, data, **served)
        if self.photos.damaged:
            self._say(f"left out, damaged: {', '.join(self.photos.damaged[:20])}")
        if own_masks is not None:
            masks = read_masks(own_masks, data.size)
        else:
            masks = draw_masks(data.masks, data.size, data.mask_bank, run.seed)
        self.masks = MaskBank(masks, **served)
        where = f"{gigabytes:.1f} GB in memory" if store is PhotosInMemory else "read from disk"
        self._say(f"training on {len(training)} photos, {where}; {len(masks)} masks")

    def _check(self) -> None:
        if self.trainer.is_finite():
            return
        last, again = self.run.last_checkpoint(), "begin again"
        if last is not None:
            again = f"go on from {last} with --resume {self.run.path}"
        elif self.workers.is_main:
            self.run.vacate()
        raise TrainingError(
            f"at {self.trainer.samples} samples the weights are no numbers any more, and nothing "
            f"is saved from here: {again}, at a lower optimiser.learning_rate"
            + (" or with run.compile=false" if self.preset.run.compile else "")
        )

    def _log(self, bar: tqdm) -> None:
        self._check()
        means = self.trainer.read_means()
        if not self.workers.is_main:
            return
        rate = self.trainer.optimiser.param_groups[0]["lr"]
        self.run.log(self.trainer.samples, means | {"learning_rate": rate}, group="train")
        bar.set_postfix({"loss": f"{means['total']:.4g}"})

    def _validate(self) -> None:
        self._check()
        if self.validator is None:
            return
        self._validated_at = self.trainer.samples
        self._tell("validating", self.trainer.samples)
        network = self.trainer.averaged
        figures = self.validator.measure(network)
        self.run.log(self.trainer.samples, figures, group="validation")
        self.run.save_sample(self.validator.picture(network), self.trainer.samples)
        self._say(
            f"{self.trainer.samples} samples: "
            + ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
        )
        score = figures.get("lpips", figures["hole_l1"])
        if score < self._best:
            self._best = score
            self.run.save_best(self._state())

    def _save(self) -> None:
        self._check()
        self.run.save_checkpoint(self._state(), self.trainer.samples)
        self.run.save_weights(self.trainer.averaged, self.card())

    def _state(self) -> dict[str, Any]:
        return self.trainer.state_dict() | {"best": self._best}

    def card(self) -> dict[str, Any]:
        """What the weights file says of its origin."""
        return {
            "description": self.preset.description,
            "preset": _without_paths(self.preset.to_dict()),
            "data": f"{len(self.check.photos)} photos",
            "samples": self.trainer.samples,
            "max_side": _MAX_SIDE,
        }

    def _on_signal(self, number: int, frame: object) -> None:
        self._stop = True

    def _say(self, text: str) -> None:
        if self.workers.is_main:
            tqdm.write(text)

    def _tell(self, phase: str, samples: int | None) -> None:
        if self.workers.is_main:
            self._status.tell(phase, samples)


def _without_paths(values: dict[str, Any]) -> dict[str, Any]:
    """The preset without folders of the machine it ran on: file names stay."""
    shortened = copy.deepcopy(values)
    for section, key in (
        (shortened["losses"], "features_file"),
        (shortened["run"], "start_from"),
        (shortened["run"], "coarse_from"),
        (shortened["network"]["encoder_options"], "pretrained"),
    ):
        if isinstance(section.get(key), str):
            section[key] = Path(section[key]).name
    return shortened
