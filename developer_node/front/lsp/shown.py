"""Changes as files that an editor opens: private, read-only, gone with the server."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path


class ShownChanges:
    """A directory of mode 0700 that is made when it is first needed."""

    def __init__(self) -> None:
        self._directory: Path | None = None

    def write(self, name: str, diff: str) -> Path:
        """The file that holds it; the same change is written once."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="postdevai-lsp-"))
        words = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-")[:60] or "change"
        named = hashlib.sha256(diff.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        path = self._directory / f"{words}-{named}.diff"
        if not path.exists():
            path.write_bytes(diff.encode("utf-8", "surrogatepass"))
            path.chmod(0o400)
        return path

    def close(self) -> None:
        """Takes them away."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
