"""Commands that act on what a run stands on: they may be what made it pass, looking never is."""

from __future__ import annotations

import pytest

from dragon_node.failures.acting import Act, act
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Story, failure


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("pip install foo", "packages"),
        (".venv/bin/python -m pip install -U foo", "packages"),
        ("PIP_INDEX_URL=x sudo pip3 install foo", "packages"),
        ("uv pip install foo", "packages"),
        ("uv run pytest", None),
        ("pip list", None),
        ("docker start db", "surroundings"),
        ("docker compose -f dev.yml up -d", "surroundings"),
        ("docker compose logs", None),
        ("docker compose up -d", "surroundings"),
        ("docker run -d postgres", "surroundings"),
        ("docker run --rm tests", None),
        ("docker ps", None),
        ("cd app && npm ci", "surroundings"),
        ("npm test", None),
        ("yarn", "surroundings"),
        ("brew services start redis", "surroundings"),
        ("python manage.py migrate", "surroundings"),
        ("gh auth login", "surroundings"),
        ("gh pr merge 7", None),
        ("git status", None),
        ("git lfs pull", "surroundings"),
        ("mkdir -p build", "small"),
        ("ls; cat 'unclosed", None),
        ("", None),
    ],
)
def test_a_command_acts_or_looks(command: str, kind: Act | None) -> None:
    assert act(command) == kind


async def test_a_command_that_acted_is_the_remedy_when_nothing_else_changed(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("docker ps")
    copy.run("docker start db")
    copy.passes()
    found = await recaller.by_fingerprint("f1")
    (remedy,) = found.remedies
    assert (remedy.state, remedy.kind, remedy.label) == (
        "observed",
        "environment",
        "docker start db",
    )
    assert (remedy.commit, remedy.diff, found.flaky) == ("", "", None)


async def test_two_commands_that_acted_differently_are_two_remedies(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    for command in ("docker start db", "docker start queue"):
        copy.fails(failure())
        copy.run(command)
        copy.passes()
    labels = {r.label for r in (await recaller.by_fingerprint("f1")).remedies}
    assert labels == {"docker start db", "docker start queue"}


async def test_a_command_that_failed_did_nothing(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("docker start db", 1)
    copy.passes()
    found = await recaller.by_fingerprint("f1")
    assert (found.remedies, found.flaky is not None) == ((), True)


async def test_an_install_that_changed_no_package_did_nothing(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("pip install -r requirements.txt")
    copy.passes()
    assert (await recaller.by_fingerprint("f1")).flaky is not None


async def test_an_install_is_named_by_what_it_installed(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.packages = "foo==1.2\n"
    copy.fails(failure())
    copy.packages = "foo==1.3\n"
    copy.run("pip install -U foo")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.kind, remedy.label) == ("dependency", "foo 1.2 -> 1.3")
    assert "pip install -U foo" in remedy.why


async def test_a_service_that_was_started_beside_a_change_of_code_makes_it_ambiguous(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("docker start db")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, remedy.kind, remedy.paths) == ("ambiguous", "code", ("shop/cart.py",))
    assert "docker start db" in remedy.why


async def test_a_directory_that_was_made_beside_a_change_of_code_does_not(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("mkdir -p build")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, remedy.kind) == ("observed", "code")
