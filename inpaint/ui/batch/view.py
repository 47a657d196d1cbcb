"""What the Batch tab shows of a batch: the table's value, in the visitor's words."""

from __future__ import annotations

from typing import Any

from inpaint.ui.batch.job import DONE, FAILED, LEFT, WORKING, Batch, Row, Say

_WORDS = (
    "head_photo",
    "head_looks",
    "head_state",
    "head_file",
    "before",
    "after",
    "download",
    "notes",
    "only_failed",
)


def describe(batch: Batch, say: Say) -> dict[str, Any]:
    """The value of the table: see table/table.js, which shows it."""
    return {
        "words": {name: say(f"batch_{name}") for name in _WORDS},
        "running": not batch.ended,
        "error": batch.error,
        "status": _describe_progress(batch, say),
        "ended": sum(row.state in (DONE, FAILED) for row in batch.rows),
        "hint": _describe_outlook(batch, say),
        "notices": list(batch.notices),
        "zip": _describe_zip(batch, say),
        "rows": [_describe_row(row, say) for row in batch.rows],
    }


def _describe_progress(batch: Batch, say: Say) -> str:
    states = [row.state for row in batch.rows]
    done, failed, total = states.count(DONE), states.count(FAILED), len(states)
    if batch.ended:
        key = "batch_stopped" if LEFT in states else "batch_ended"
        said = [say(key, done=done, total=total)]
    elif not total:
        said = [say("batch_reading")]
    else:
        said = [say("batch_progress", ended=done + failed, total=total)]
        if batch.stopping:
            said.append(say("batch_stopping"))
        elif batch.ahead:
            said.append(say("batch_ahead", ahead=batch.ahead))
        elif not done + failed and WORKING not in states:
            said.append(say("batch_loading"))
    if failed:
        said.append(say("batch_some_failed", failed=failed))
    return " · ".join(said)


def _describe_outlook(batch: Batch, say: Say) -> str:
    if batch.ended and batch.order.folder is not None and any(row.result for row in batch.rows):
        return say("batch_written", folder=batch.order.folder)
    if batch.zip:
        return say("batch_kept")
    return "" if batch.ended else say("batch_leave")


def _describe_zip(batch: Batch, say: Say) -> dict[str, str] | None:
    if batch.zip is None:
        return None
    file_id, size = batch.zip
    return {"id": file_id, "label": say("batch_all", size=f"{max(size / 1e6, 0.1):.1f} MB")}


def _describe_row(row: Row, say: Say) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": row.state,
        "label": say(f"batch_{row.state}"),
        "notes": list(row.notes),
        "ids": dict(row.ids),
    }
