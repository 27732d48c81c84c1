"""One change is shown once."""

from __future__ import annotations

from common.model.failure import Remedy
from dragon_node.failures.remedies import without_repeats

DIFF = """--- a/a.py
+++ b/a.py
@@ -{line},3 +{line},3 @@
 def total():
-    return {wrong}
+    return 0
"""


def remedy(identity: str, line: int = 1, wrong: int = 1, commit: str = "") -> Remedy:
    diff = DIFF.format(line=line, wrong=wrong)
    return Remedy(identity, "observed", "code", commit=commit, diff=diff, project="p")


def test_one_change_is_shown_once_though_its_lines_have_moved() -> None:
    """Each time that it was made again below something new it was kept as another one."""
    assert without_repeats([remedy("new", 40), remedy("old", 1)]) == (remedy("new", 40),)


def test_the_one_with_a_commit_is_shown_at_the_place_of_the_best() -> None:
    old = remedy("old", 1, commit="c" * 40)
    other = remedy("other", wrong=2)
    assert without_repeats([remedy("new", 40), other, old]) == (old, other)


def test_the_control_is_that_another_change_stays() -> None:
    both = (remedy("one", wrong=1), remedy("other", wrong=2))
    assert without_repeats(both) == both
