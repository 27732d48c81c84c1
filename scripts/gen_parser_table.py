"""Writes the table of parsers into docs/capture.md, between its two marks."""

from __future__ import annotations

from pathlib import Path

from developer_node.text.parsers.known import PARSERS
from developer_node.text.parsers.parser import Parser

DOCS = Path(__file__).resolve().parent.parent / "docs" / "capture.md"
BEGIN = "<!-- parsers: made by scripts/gen_parser_table.py -->\n"
END = "<!-- end of parsers -->\n"


def main() -> int:
    """Replaces the table; says how many rows it has."""
    DOCS.write_text(with_table(DOCS.read_text("utf-8")), "utf-8")
    print(f"docs/capture.md: {len(PARSERS)} parsers")
    return 0


def with_table(text: str) -> str:
    """The page with today's table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def table() -> str:
    """A row for each parser, in their order."""
    head = "| tool | kinds | codes | what is captured | while it runs |\n"
    head += "| --- | --- | --- | --- | --- |\n"
    return head + "".join(_row(parser) for parser in PARSERS)


def _row(parser: Parser) -> str:
    tool = f"{parser.tool} (when nothing else was found)" if parser.consequence else parser.tool
    during = "yes" if parser.during else ""
    cells = (tool, ", ".join(parser.kinds), parser.codes, parser.captured, during)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    raise SystemExit(main())
