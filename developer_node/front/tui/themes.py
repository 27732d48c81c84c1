"""Two quiet themes of our own, beside Textual's."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

DUSK = Theme(
    name="dusk",
    primary="#86a8cf",
    secondary="#8a96a8",
    accent="#d9b67e",
    foreground="#d3d8df",
    background="#14171c",
    surface="#191d24",
    panel="#232932",
    success="#97bd88",
    warning="#d9b67e",
    error="#dc8f88",
    dark=True,
    variables={
        "border": "#39424f",
        "border-blurred": "#2a313b",
        "footer-background": "#191d24",
        "footer-key-foreground": "#86a8cf",
        "footer-description-foreground": "#98a2b0",
        "input-selection-background": "#86a8cf 30%",
        "scrollbar": "#2f3743",
        "scrollbar-background": "#14171c",
        "scrollbar-hover": "#465162",
        "scrollbar-active": "#86a8cf",
        "scrollbar-corner-color": "#14171c",
    },
)

PAPER = Theme(
    name="paper",
    primary="#34628f",
    secondary="#6b7480",
    accent="#8f6114",
    foreground="#31353b",
    background="#faf8f4",
    surface="#f2efe9",
    panel="#e6e2d9",
    success="#3f7233",
    warning="#8f6114",
    error="#ab4238",
    dark=False,
    variables={
        "border": "#c9c3b6",
        "border-blurred": "#ddd8cd",
        "footer-background": "#f2efe9",
        "footer-key-foreground": "#34628f",
        "footer-description-foreground": "#6b7480",
        "input-selection-background": "#34628f 25%",
    },
)

OWN = (DUSK, PAPER)


DUSK_TERMINAL = TerminalTheme(
    (20, 23, 28),
    (211, 216, 223),
    [
        (58, 66, 79),
        (220, 143, 136),
        (151, 189, 136),
        (217, 182, 126),
        (134, 168, 207),
        (183, 155, 199),
        (130, 182, 184),
        (211, 216, 223),
    ],
)
"""What programs mean by red and green, in the same quiet colours."""

PAPER_TERMINAL = TerminalTheme(
    (250, 248, 244),
    (49, 53, 59),
    [
        (49, 53, 59),
        (171, 66, 56),
        (63, 114, 51),
        (143, 97, 20),
        (52, 98, 143),
        (125, 78, 145),
        (40, 112, 114),
        (107, 116, 128),
    ],
)
