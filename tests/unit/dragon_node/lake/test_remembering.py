"""What is asked of events and relations as people write it."""

from __future__ import annotations

from pathlib import Path

from common.model.event import Commit, GitOperation, PathChange
from common.model.lake import RelatedQuery
from tests.support.lake import Laptop, event, opened, seen

SHA = "3f786850e387550fdab836ed7e6dc881de23001b"


async def test_a_commit_is_known_by_the_first_digits_of_its_name(tmp_path: Path) -> None:
    """As `git log --oneline` prints it, and as long as only one begins so."""
    changes = (PathChange("src/retry.py", "", "b" * 40),)
    commit = Commit(SHA, (), 1, subject="retry", changes=changes)
    async with opened(tmp_path) as lake:
        await Laptop(lake).send(seen(), event(GitOperation("commit", "", SHA, commits=(commit,))))
        for name in (SHA, SHA[:7], SHA[:7].upper()):
            found = (await lake.related(RelatedQuery("commit", name, "thing"))).relations
            assert [(r.source.id, r.verb, r.target.id) for r in found] == [
                (SHA, "changed", "src/retry.py")
            ], name
        assert not (await lake.related(RelatedQuery("commit", "0000000", "thing"))).relations
