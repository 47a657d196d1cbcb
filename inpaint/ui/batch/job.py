"""Many photos, restored one after the other: one photo's trouble is not the others'."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.errors import InpaintError, error_line
from inpaint.inpainter import Inpainter
from inpaint.mask import read_mask
from inpaint.restore_files import FileOptions, restore_file
from inpaint.ui.batch.files import (
    Arrival,
    Masks,
    Upload,
    move_as_new,
    unpack_uploads,
    write_thumbnail,
)
from inpaint.ui.state import State

_log = logging.getLogger(__name__)

MAX_PHOTOS = 500
MAX_BYTES = 4 << 30  # of all photos as they are uploaded, and out of zips; of masks as well

WAITING, WORKING, DONE, FAILED, LEFT = "waiting", "working", "done", "failed", "left"

# How a message names an option to those who type or program; the form has its own.
_OPTIONS = re.compile(r" \(--[\w-]+, \w+=True\)")

Say = Callable[..., str]


@dataclass(frozen=True)
class Order:
    """What is to be done: one mask for all photos, or several, each named like its photo.

    folder: where results go, None for files of the app's own that are handed out.
    """

    photos: list[Upload]
    masks: list[Upload]
    model: str
    options: FileOptions = field(default_factory=FileOptions)
    folder: Path | None = None


@dataclass
class Row:
    """A photo of a batch and what became of it.

    notes: why it failed, or what may be wrong. result: the file made. ids: of KeptFiles, by what
    they are: "file", "before", "after".
    """

    name: str
    photo: Path | None = None
    state: str = WAITING
    notes: list[str] = field(default_factory=list)
    result: Path | None = None
    ids: dict[str, str] = field(default_factory=dict)


class _StoppedError(Exception):
    pass


class Batch:
    """An Order being worked off by the thread that calls `run`; others read how far it is.

    rows, and notices beside them. error: why nothing is done at all. ahead: how many computations
    come before the next of its own. zip: id and size of all results in one file. ended: nothing
    changes any more.
    say: as `inpaint.ui.translations.say`, for one visitor.
    """

    def __init__(self, state: State, owner: str, order: Order, say: Say) -> None:
        self.rows: list[Row] = []
        self.notices: list[str] = []
        self.error = ""
        self.zip: tuple[str, int] | None = None
        self.ahead = 0
        self.ended = False
        self.order = order
        self._state, self._owner, self._say = state, owner, say
        self._stopping = threading.Event()
        self._place = state.files.make_folder()
        self._masks = self._place / "masks" / "by name"
        self._hold = state.files.add(owner, self._place)
        self._taken: set[str] = set()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Have it end after the photo at work; what is done until then stays."""
        self._stopping.set()

    def run(self) -> None:
        """Work the order off. Nothing is raised."""
        try:
            masks = self._collect()
            inpainter = self._make_inpainter(masks)
            for row in self.rows:
                if row.state == WAITING:
                    self._restore(row, inpainter, masks)
            self._pack()
        except _StoppedError:
            self._pack()
        except InpaintError as error:
            self.error = self._plain(error_line(error))
        except Exception:
            _log.exception("a batch failed")
            self.error = self._say("batch_broken")
        finally:
            shutil.rmtree(self._place / "photos", ignore_errors=True)
            shutil.rmtree(self._place / "masks", ignore_errors=True)
            for row in self.rows:
                if row.state in (WAITING, WORKING):
                    row.state = LEFT
            self.ended = True

    # ------------------------------------------------------------ before

    def _collect(self) -> Masks:
        """Put the uploads in order: `rows`, and the mask or masks."""
        if not self.order.photos:
            raise InpaintError(self._say("batch_no_photos"))
        if not self.order.masks:
            raise InpaintError(self._say("batch_no_mask"))
        self._check_limits("photos", self.order.photos)
        self._check_limits("masks", self.order.masks)
        masks = Masks(self._unpack("masks", self.order.masks), self._masks)
        self.notices += masks.unusable
        if not masks.count:
            raise InpaintError(self._say("batch_no_mask"))
        self.rows = [
            Row(one.name, one.path) if one.path else Row(one.name, state=FAILED, notes=[one.error])
            for one in self._unpack("photos", self.order.photos)
        ]
        return masks

    def _unpack(self, which: str, uploads: list[Upload]) -> Iterator[Arrival]:
        return unpack_uploads(uploads, self._place / which, MAX_PHOTOS, MAX_BYTES)

    def _check_limits(self, which: str, uploads: list[Upload]) -> None:
        count = len(uploads)
        if count > MAX_PHOTOS:
            raise InpaintError(self._say(f"batch_many_{which}", count=count, most=MAX_PHOTOS))
        if sum(one.path.stat().st_size for one in uploads if one.path.exists()) > MAX_BYTES:
            raise InpaintError(self._say("batch_large", most=MAX_BYTES >> 30))

    def _make_inpainter(self, masks: Masks) -> Inpainter:
        with self._state.line.turn(self._wait):
            self._wait()
            if masks.only is not None:
                read_mask(masks.only)  # one mask that is none would be every photo's trouble
            return self._state.models.get(self.order.model)

    # ------------------------------------------------------------ each photo

    def _restore(self, row: Row, inpainter: Inpainter, masks: Masks) -> None:
        try:
            with self._state.line.turn(self._wait):
                self._wait()
                row.state = WORKING
                mask = masks.find(row.photo)
                notes: list[str] = []
                outcome = restore_file(
                    inpainter, row.photo, mask, None, self.order.options, notes.append
                )
                self._keep(row, outcome.written)
            row.notes = [self._plain(note, row.photo) for note in notes]
            row.state = DONE
        except _StoppedError:
            raise
        except OSError as error:
            self._fail(row, error.strerror or error_line(error))
        except (InpaintError, MemoryError) as error:
            self._fail(row, self._plain(error_line(error), row.photo))
        except Exception:
            _log.exception("a photo of a batch failed")
            self._fail(row, self._say("batch_photo_broken"))
        finally:
            shutil.rmtree(row.photo.parent, ignore_errors=True)

    def _wait(self, ahead: int = 0) -> None:
        self.ahead = ahead
        self._state.files.get(self._hold, self._owner)  # used: the folder stays while this waits
        if self.stopping:
            raise _StoppedError

    def _fail(self, row: Row, reason: str) -> None:
        row.state, row.notes = FAILED, [reason]

    def _keep(self, row: Row, written: Path) -> None:
        """Move the result to where it stays, with small pictures of before and after."""
        small = self._place / "small"
        small.mkdir(exist_ok=True)
        files = {
            "before": write_thumbnail(row.photo, small / f"{row.photo.parent.name}-before.jpg"),
            "after": write_thumbnail(written, small / f"{row.photo.parent.name}-after.jpg"),
        }
        folder = self.order.folder or self._place / "results"
        folder.mkdir(exist_ok=True)
        row.result = move_as_new(written, folder, self._taken)
        if self.order.folder is None:
            files["file"] = row.result
        add = self._state.files.add
        row.ids = {kind: add(self._owner, path) for kind, path in files.items() if path}

    # ------------------------------------------------------------ after

    def _pack(self) -> None:
        """All results in one zip, which costs no time: photos are compressed already."""
        results = [row.result for row in self.rows if row.result]
        if self.order.folder is not None or not results:
            return
        path = self._place / "restored_photos.zip"
        try:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
                for result in results:
                    archive.write(result, result.name)
        except OSError as error:
            path.unlink(missing_ok=True)
            self.notices.append(self._say("batch_no_zip", reason=error.strerror or ""))
            return
        self.zip = self._state.files.add(self._owner, path), path.stat().st_size

    def _plain(self, text: str, photo: Path | None = None) -> str:
        """A message about files without this machine's folders, and without the photo's name."""
        if photo is not None:
            text = text.replace(f"{photo.parent}{os.sep}", "").removeprefix(f"{photo.name}: ")
        text = text.replace(f"{self._masks}{os.sep}", "").replace(str(self._masks), "the upload")
        return _OPTIONS.sub("", text)
