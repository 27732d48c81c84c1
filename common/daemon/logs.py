"""Where a daemon's log lines go: a sentence first, then key=value; bounded on disk."""

from __future__ import annotations

import logging
import logging.handlers
import os
import stat
from pathlib import Path

LOG_BYTES_MAX = 5 << 20
LOG_FILES_KEPT = 3
PRINTED_BYTES_MAX = 1 << 20
"""What a service manager has appended of a daemon's own words, over all its starts."""
_STDERR = 2


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


def bound_printed(descriptor: int = _STDERR) -> None:
    """Empties the file that this process prints to, once it is too large. Pipes are let alone."""
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_size > PRINTED_BYTES_MAX:
            os.ftruncate(descriptor, 0)
    except OSError:
        return  # closed, or open for reading alone: nothing grows there


def log_files(path: Path) -> list[Path]:
    """What there is of a log, oldest first."""
    older = [path.with_name(f"{path.name}.{n}") for n in range(LOG_FILES_KEPT, 0, -1)]
    return [each for each in (*older, path) if each.is_file()]
