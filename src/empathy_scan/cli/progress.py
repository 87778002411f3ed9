"""Progress on a terminal: a bar per stage with its rate and the time left; in a notebook, a line of HTML per stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from empathy_scan import notebook
from empathy_scan.cli import logs

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

    from empathy_scan.stages import Told

_SPEED_SECONDS = 60.0  # over which a rate is taken: scoring comes in batches of a few seconds
_TITLES = {
    "listing": ("listing the files", ""),
    "indexing": ("looking through", "files"),
    "reading": ("reading", "files"),
    "scoring": ("scoring", "turns"),
    "reporting": ("writing the report", ""),
}


@contextmanager
def shown() -> Iterator[Told | None]:
    """What a run tells of its stages to, or None where nobody watches: no terminal, a quiet run, or a log in JSON."""
    if notebook.is_open():
        yield notebook.Bars(_TITLES).tell
        return
    if not (sys.stderr.isatty() and logs.is_plain()):
        yield None
        return
    progress = _bars()
    tasks: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        title, unit = _TITLES.get(stage, (stage, ""))
        if stage not in tasks:
            tasks[stage] = progress.add_task(title, total=total or None, unit=unit)
        progress.update(tasks[stage], completed=done, total=total or None)
        for other, task in tasks.items():  # what counts nothing is over when another stage tells of itself
            if other != stage and progress.tasks[task].total is None:
                progress.update(task, total=1, completed=1)

    with progress:
        yield tell


def _bars() -> Progress:
    """The columns; the bars go away at the end, when the summary says it all."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only needed on a terminal
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import ProgressColumn as Column  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Rate(Column):
        """How much is done, of how much, and how much of it in a second."""

        def render(self, task: Task) -> Text:
            return Text(counted(task.completed, task.total, task.fields["unit"], task.finished_speed or task.speed))

    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), Rate(), TimeRemainingColumn(compact=True),
        console=Console(stderr=True), transient=True, speed_estimate_period=_SPEED_SECONDS,
    )  # fmt: skip


def counted(done: float, total: float | None, unit: str, rate: float | None) -> str:
    """`1,200 of 93,000 turns, 310 a second`; nothing of what is not counted."""
    if total is None or not unit:
        return ""
    speed = "" if not rate else f", {rate:,.0f} a second" if rate >= 1 else f", {rate * 60:,.0f} a minute"
    return f"{done:,.0f} of {total:,.0f} {unit}{speed}"
