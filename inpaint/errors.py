"""Every error that photomend raises on purpose, for the person who reads the message.

    InpaintError
    ├── PhotoError      a picture file that cannot be read or written
    ├── MaskError       a mask that does not fit its photo, or masks nothing
    ├── MethodError     a method, device or option that does not exist
    ├── WeightsError    a weights file that is missing, damaged or of another kind
    └── TrainingError   what a training cannot use, or a run that diverged

The command line prints one as a single line and exits with 2; the app shows it as a notice.
"""


class InpaintError(ValueError):
    """Base of all errors below: the message says what was wrong and what to do."""


class PhotoError(InpaintError):
    """A picture file cannot be read or written."""


class MaskError(InpaintError):
    """A mask does not fit its photo, or masks nothing."""


class MethodError(InpaintError):
    """A method, device or option does not exist."""


class WeightsError(InpaintError):
    """A weights file is missing, damaged or of another kind."""


class TrainingError(InpaintError):
    """A preset, a data set or a run folder cannot be used, or a run diverged."""


def error_line(error: BaseException) -> str:
    """An error as one line for the person at the terminal."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    elif isinstance(error, MemoryError):
        text = f"not enough memory ({error})" if str(error) else "not enough memory"
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())
