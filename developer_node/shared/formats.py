"""The format of the replica's file, and how older ones become today's."""

from __future__ import annotations

from common.sealed_sqlite import FileFormat

SHARED = FileFormat("shared state", 1, {}, shrinks=True)
"""What cannot be read is set aside and fetched anew; edits that waited are only there then."""
