"""The owner's own rules, as the Coordinator reads them at its next start."""

from __future__ import annotations

from collections.abc import Iterator

from common.errors import Invalid
from developer_node.front.doctor.finding import NOT_INSTALLED, Finding, Ground


def rules(ground: Ground) -> Iterator[Finding]:
    """HOME/coordinator/policies/*.cedar, where a person wrote some."""
    paths = sorted((ground.home.root / "coordinator" / "policies").glob("*.cedar"))
    if not paths:
        return
    from common.rpc.rules import RuleFile, Rules, checked, shipped

    try:
        found = [RuleFile(path.name, path.read_text("utf-8")) for path in paths]
        Rules(shipped(), checked(found))
    except (OSError, UnicodeDecodeError) as error:
        why = f"The owner's rules in {paths[0].parent} cannot be read: {error}."
    except Invalid as error:
        why = f"The owner's rules in {paths[0].parent} are refused: {error.message}."
    else:
        return
    runs = "coordinator" in ground.ready
    then = "Those of before stay in force, and it" if runs else "The Coordinator"
    yield Finding(
        "own-rules",
        f"{why} {then} does not start with these.",
        "Mend that file, or move it away; `postdevai policy` says whether it can be read.",
        NOT_INSTALLED,
    )
