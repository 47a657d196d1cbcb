"""What all rooms of the app share: settings, models, open photos, files to take home, the line."""

from __future__ import annotations

from dataclasses import dataclass, field

from inpaint.ui.kept_files import KeptFiles
from inpaint.ui.line import Line
from inpaint.ui.models import Models
from inpaint.ui.restore.session import PhotoStore
from inpaint.ui.settings import Settings
from inpaint.ui.train.training import Trainings


@dataclass
class State:
    """One app's state, in the memory of its one process.

    photos: those that people work on in the Restore tab. files: results on disk, by unguessable id,
    served at api/files/ID to their owner. line: whoever computes waits for a turn there first.
    """

    settings: Settings = field(default_factory=Settings)
    photos: PhotoStore = field(default_factory=PhotoStore)
    files: KeptFiles = field(default_factory=KeptFiles)
    line: Line = field(default_factory=Line)
    models: Models = field(init=False)
    trainings: Trainings = field(init=False)

    def __post_init__(self) -> None:
        self.models = Models(self.settings.models, self.settings.device)
        self.trainings = Trainings(self.models, self.settings.device)

    def sweep(self) -> None:
        """Forget what nobody used for long."""
        self.photos.sweep()
        self.files.sweep()

    def close(self) -> None:
        """The app ends: a training writes its checkpoint, what lies on disk for pages goes."""
        self.trainings.close()
        self.files.close()
