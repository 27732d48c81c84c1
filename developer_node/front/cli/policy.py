"""`policy`: who may call what, by which rule. Decided here, from the same files as the nodes'."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from developer_node.front.cli.refusal import DONE, NO
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.rpc.rules import RuleFile


def group() -> typer.Typer:
    """`postdevai policy [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(policy)
    app.command("check")(check)
    return app


def policy(context: typer.Context, json: JSON = False) -> None:
    """Tell who may call what, and by which rule."""
    if context.invoked_subcommand is not None:
        return
    from common.rpc.rules import checked, shipped

    files = (*shipped(), *checked(_own()))
    if json:
        print_json({"files": [{"name": each.name, "text": each.text} for each in files]})
        return
    for each in files:
        sys.stdout.write(f"// ---- {each.name}\n\n{each.text.strip()}\n\n")


def check(
    role: Annotated[
        str, typer.Argument(metavar="ROLE", help="coordinator, dragon, developer, tool, admin, …")
    ],
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as LakeService/Search.")],
    node: Annotated[
        str, typer.Option(metavar="ID", help="Of this node: a rule may name one tool.")
    ] = "",
    json: JSON = False,
) -> None:
    """Tell whether a role may call a method, and by which rule."""
    from common.errors import Missing
    from common.model.node import Role
    from common.rpc.repeatable import methods
    from common.rpc.rules import Rules, checked, shipped
    from developer_node.front.output_audit import decision_json

    roles = (*get_args(Role), "admin", "owner", "anyone")
    if role not in roles:
        raise typer.BadParameter(f"{role!r} is no role; say one of {', '.join(roles)}")
    if method not in methods() and not method.startswith("grpc."):
        raise Missing(f"there is no method {method}", hint="docs/api lists them all")
    rules = Rules(shipped(), checked(_own()))
    found = rules.decide(_full(method), frozenset((role,)), node)
    if json:
        print_json(decision_json(role, method, found.allowed, found.rules))
    else:
        may = "may" if found.allowed else "may not"
        by = " and ".join(found.rules) or "no rule allows it"
        sys.stdout.write(f"{role} {may} call {method}: {by}.\n")
    raise typer.Exit(DONE if found.allowed else NO)


def _own() -> list[RuleFile]:
    """The owner's rules where the Coordinator's files are; elsewhere only the shipped are known."""
    from common.rpc.rules import RuleFile

    directory = home().root / "coordinator" / "policies"
    return [
        RuleFile(path.name, path.read_text("utf-8")) for path in sorted(directory.glob("*.cedar"))
    ]


def _full(method: str) -> str:
    return f"/{method}" if method.startswith("grpc.") else f"/postdevai.v1.{method}"
