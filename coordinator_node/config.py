"""What the Coordinator is told."""

from __future__ import annotations

from dataclasses import dataclass

from common.daemon.home import Home


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one Coordinator."""

    home: Home
    """Where its state lives."""
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all."""
    port: int = 0
    """Main port; 0 for the usual one, or a free one where that is taken."""
    enrolment_port: int = 0
    """The same for the enrolment port."""
    grace_s: float = 5.0
    """How long running calls may take to end, seconds."""
