"""The command line: each command parses, calls one library function, and prints what came back.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but some input was rejected; 4 nothing was
written, the model stays as it is. Results go to stdout, all else to
stderr.
"""

from __future__ import annotations

from empathy_scan.cli import (
    appeal,
    config,
    demo,
    doctor,
    fairness,
    forget,
    labels,
    learn,
    measure,
    models,
    read,
    rescore,
    review,
    runs,
    scan,
    show,
    tidy,
)
from empathy_scan.cli.base import app

__all__ = [
    "app", "appeal", "config", "demo", "doctor", "fairness", "forget", "labels", "learn", "measure", "models",
    "read", "rescore", "review", "runs", "scan", "show", "tidy",
]  # fmt: skip
