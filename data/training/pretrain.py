"""Pretrains the encoder on packed text, from its checkpoint if there is one.

    python data/training/pretrain.py PACKED OUT --minutes 150

PACKED is what pack_text.py wrote (and warm_start.py, if it ran). OUT/encoder is what `empathy-scan train --backbone`
takes.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from empathy_scan.model.pretrain import PretrainConfig, pretrain


def main() -> None:
    """Parses the command line and pretrains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packed", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=150.0)
    parser.add_argument("--layers", type=int, default=PretrainConfig().layers)
    parser.add_argument("--decay", type=float, default=PretrainConfig().decay, help="last share of the time")
    parser.add_argument("--hidden", type=int, default=PretrainConfig().hidden)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = replace(
        PretrainConfig(), layers=options.layers, hidden=options.hidden, heads=options.hidden // 64, decay=options.decay
    )
    print(pretrain(options.packed, options.out, minutes=options.minutes, config=config))


if __name__ == "__main__":
    main()
