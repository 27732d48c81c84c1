"""From what was seen to the figures of the corpus: pure arithmetic."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from common import fingerprint
from common.model.event import ProofFinished
from common.model.failure import Failure
from scripts.bench.corpus_judging import Seen
from scripts.bench.report import Figure

RECALL_MIN = "bar >= 97 %"
WRONG_MAX = "bar <= 1 %"
SAME_MAX = "bar 0 of >= 3,000"
CONFIRMED_MIN = "bar >= 60 %"
NAMES_MAX = 5

_NAME = re.compile(r"(\btest_|\b)t\d{3}_\w+")
_PLACE = re.compile(r"\b(tests|tasks)/\w*t\d{3}_\w+(?:\.py)?(?:::\w+)?")
_BACK = ("again", "moved", "elsewhere")


def come_back(seen: Iterable[Seen]) -> list[Seen]:
    """Failures of a mistake that was mended before."""
    return [s for s in seen if s.phase in _BACK and s.sort != "flaky"]


def offered(seen: Iterable[Seen]) -> list[Seen]:
    """Cards that put a remedy first as more than unproven, where one cause is known: the first
    time of all, when there is nothing to put, counts as well."""
    return [s for s in seen if s.card and s.first_offered and not _of_two(s)]


def is_wrong(seen: Seen) -> bool:
    """Something else than what mended this mistake stands first."""
    return not seen.first_right


def proven(seen: Iterable[Seen], count: int) -> list[str]:
    """Remedies that stood first, each once, drawn by a hash of where they stood."""
    firsts: dict[str, str] = {}
    for s in seen:
        if s.phase in _BACK and s.first_offered:
            firsts.setdefault(s.remedy_id, f"{s.task} {s.phase}")
    drawn = sorted(firsts, key=lambda r: hashlib.sha256(firsts[r].encode()).digest())
    return drawn[:count]


def apparent(seen: Iterable[Seen], count: int) -> list[str]:
    """Remedies of flaky tests that passed after an edit: it mended nothing."""
    found = {s.remedy_id: None for s in seen if s.sort == "flaky" and s.remedy_id}
    return list(found)[:count]


def unrelated(firsts: Sequence[tuple[str, Failure]]) -> Iterator[tuple[Failure, Failure]]:
    """Every two failures of different tasks."""
    for (one, a), (other, b) in combinations(firsts, 2):
        if one != other:
            yield a, b


def named_alike(failure: Failure) -> tuple[str, str]:
    """Its identity and values if every task were called the same."""
    frames = tuple(
        replace(f, path=_anonymous(f.path), function="f" if f.function else "")
        for f in failure.frames
    )
    lines = tuple(_anonymous(line) for line in failure.headlines)
    identity = fingerprint.identity(failure.tool, failure.code, lines, frames)
    return identity.fingerprint, identity.values


def _anonymous(text: str) -> str:
    return _NAME.sub(r"\1x", text)


def reasons(proofs: Iterable[ProofFinished]) -> Counter[str]:
    """Why some are not confirmed; names and numbers of tasks are left out."""
    return Counter(_PLACE.sub(r"\1/...", p.reason) for p in proofs if p.reason)


def figures(
    seen: Sequence[Seen],
    firsts: Sequence[tuple[str, Failure]],
    proofs: Sequence[ProofFinished],
    controls: Sequence[ProofFinished] = (),
) -> list[Figure]:
    """The table; `controls` are proofs of what mended nothing."""
    tried = [_proofs(proofs), _controls(controls)]
    return [*_recall(seen), *_wrong(seen), _same(firsts), *tried, *_beside(seen)]


def _recall(seen: Sequence[Seen]) -> list[Figure]:
    back = come_back(seen)
    found = [s for s in back if s.right]
    missed = [s for s in back if not s.right]
    parts = ", ".join(f"{phase} {_of(_in(phase, found), _in(phase, back))}" for phase in _BACK)
    return [
        Figure(
            "recall of the right change",
            _share(len(found), len(back)),
            RECALL_MIN,
            f"unasked, on a card: {parts}. {_named('missed', missed)}",
        )
    ]


def _wrong(seen: Sequence[Seen]) -> list[Figure]:
    shown = offered(seen)
    wrong = [s for s in shown if is_wrong(s)]
    new = [s for s in seen if s.phase == "first"]
    two = [s for s in seen if s.card and _of_two(s) and s.phase in _BACK]
    other = [s for s in seen if s.phase == "another cause"]
    both = [s for s in two if s.right and s.remedies > 1]
    return [
        Figure(
            "wrong first remedy",
            _share(len(wrong), len(shown)),
            WRONG_MAX,
            "of cards that put one first, where one cause is known; what mended another mistake"
            f" is wrong. {len(new)} failures were new, {sum(s.first_offered for s in new)} of them"
            f" got one. {_named('wrong', wrong)}",
        ),
        Figure(
            "two causes of one symptom",
            f"both shown {_of(both, two)}; first the one in question"
            f" {_of([s for s in two if s.first_right], two)}",
            "both are shown, neither is called the cause",
            f"{len(other)} second causes came for the first time;"
            f" {sum(s.first_offered for s in other)} of them were shown what had mended the first,"
            " as the same symptom",
        ),
    ]


def _same(firsts: Sequence[tuple[str, Failure]]) -> Figure:
    pairs = list(unrelated(firsts))
    same = sum(a.fingerprint == b.fingerprint for a, b in pairs)
    alike = [(named_alike(a), named_alike(b)) for a, b in pairs]
    symptom = sum(a[0] == b[0] for a, b in alike)
    values = sum(a == b for a, b in alike)
    return Figure(
        "false same",
        f"{same} of {len(pairs):,}",
        SAME_MAX,
        "every two failures of different tasks, by fingerprint alone. Were all files and functions"
        f" named alike, {symptom:,} would be one symptom, {values:,} with equal values",
    )


def _proofs(proofs: Sequence[ProofFinished]) -> Figure:
    return Figure(
        "confirmed of those shown",
        _share(sum(p.verdict == "confirmed" for p in proofs), len(proofs)),
        CONFIRMED_MIN,
        f"remedies that stood first on a card, drawn by a hash, each tried again red and green in"
        f" {_sandboxes(proofs)}. Unproven: {_why(proofs)}",
    )


def _controls(proofs: Sequence[ProofFinished]) -> Figure:
    return Figure(
        "confirmed of what mended nothing",
        _share(sum(p.verdict == "confirmed" for p in proofs), len(proofs)),
        "none",
        "the control: edits after which a flaky test happened to pass, tried in the same way."
        f" Unproven: {_why(proofs)}",
    )


def _why(proofs: Sequence[ProofFinished]) -> str:
    counted = reasons(proofs).most_common()
    return "; ".join(f"{count} x {reason}" for reason, count in counted) or "none"


def _beside(seen: Sequence[Seen]) -> list[Figure]:
    labels = [s for s in come_back(seen) if s.labelled is not None]
    right = [s for s in labels if s.labelled]
    flakes = [s for s in seen if s.sort == "flaky" and s.phase == "again"]
    said = [s for s in flakes if s.flaky and not s.first_offered and not s.commit]
    kinds = Counter(s.kind for s in seen if s.phase == "first")
    return [
        Figure(
            "commit named",
            f"right in {_of(right, labels)}",
            "",
            "it is on the branch and holds the change, after amend, squash and rebase too."
            f" {_named('wrong', [s for s in labels if not s.labelled])}",
        ),
        Figure(
            "flaky tests",
            f"called so, without a commit: {_of(said, flakes)}",
            "",
            "they fail by a file elsewhere or by chance; half were mended in appearance before",
        ),
        Figure(
            "failures by kind of mistake",
            ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())),
            "",
            "of the first time of each",
        ),
    ]


def _of_two(seen: Seen) -> bool:
    return seen.sort == "two causes" and seen.phase != "first"


def _sandboxes(proofs: Iterable[ProofFinished]) -> str:
    return ", ".join(sorted({p.sandbox for p in proofs if p.sandbox})) or "no sandbox"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part} of {whole})" if whole else "nothing to count"


def _in(phase: str, some: Sequence[Seen]) -> list[Seen]:
    return [s for s in some if s.phase == phase]


def _of(part: Sequence[Seen], whole: Sequence[Seen]) -> str:
    return f"{len(part)} of {len(whole)}"


def _named(word: str, some: Sequence[Seen]) -> str:
    if not some:
        return f"None {word}"
    names = [f"{s.task} ({s.phase}, {s.sort})" for s in some[:NAMES_MAX]]
    more = f" and {len(some) - NAMES_MAX} more" if len(some) > NAMES_MAX else ""
    return f"{word.capitalize()}: {', '.join(names)}{more}"
