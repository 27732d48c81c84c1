"""Where a daemon's log lines go: a sentence first, then key=value; bounded on disk."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

LOG_BYTES_MAX = 5 << 20
LOG_FILES_KEPT = 3


def write_logs(path: Path) -> None:
    """Sends every log line of this process to the file, rotated at 5 MB, three kept."""
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES_MAX, backupCount=LOG_FILES_KEPT, encoding="utf-8"
    )
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    path.chmod(0o600)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(os.environ.get("POSTDEVAI_LOG", "INFO").upper())
