"""Where the sample transcripts lie: in the installed package, or in the folder that the program was checked out to."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from empathy_scan.errors import UsageError


def folder() -> Path:
    """The folder of samples (data/README.md). Raises UsageError where a package was built without them."""
    package = Path(str(resources.files("empathy_scan")))
    for place in (package / "samples", package.parents[1] / "data" / "samples"):
        if place.is_dir():
            return place
    raise UsageError(
        "this installation holds no samples",
        where=str(package / "samples"),
        remedy="install the package again, or scan a folder of your own",
    )
