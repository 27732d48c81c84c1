"""Regular expressions and texts that are likely to disagree about something."""

from __future__ import annotations

from hypothesis import strategies as st

LETTERS = "abkKsSiIßſéÉ_1²٣ \t\r\x1c\x85\u0301\u2028\x00İıK.-{}[]"
"""Cases, digits, spaces and marks that engines have different ideas of."""
WORDS = ["alpha", "beta", "ALPHA", "al", "pha", "eta", "a", "b"]

_classes = [
    ".", "[ab]", "[^a]", "[a-k]", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"[\s\d]", r"[^\W\d]",
    r"[\w-]", r"[^\S]", "[]a]", "[^]a]", "[a[]", r"[\]\[]", r"[\x00-\x1f]", "[{}]",
]  # fmt: skip
_edges = ["^", "$", r"\b", r"\B", r"\A", r"\Z", "(?=al)", "(?!al)", "(?<=a)", "(?<!a)"]
_atoms = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(_classes),
    st.sampled_from(_edges),
    st.sampled_from(list(LETTERS)).map(lambda c: "\\" + c if c in ".-{}[]" else c),
    st.sampled_from([r"\n", "{", "}", "]", "x{,2}", "foo{i}"]),
)
_repeats = st.sampled_from(
    ["?", "*", "+", "??", "*?", "+?", "{2}", "{1,3}", "{0,2}", "{2,}", "{,1}"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, _repeats).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        inner.map(lambda part: f"({part})"),
        inner.map(lambda part: f"(?i:{part})"),
        inner.map(lambda part: f"(?a:{part})"),
        inner.map(lambda part: f"(?s:{part})"),
        inner.map(lambda part: f"(?={part})"),
        inner.map(lambda part: f"(?!{part})"),
        inner.map(lambda part: f"(?>{part})"),
    )


patterns = st.tuples(
    st.sampled_from(["", "", "", "(?i)", "(?s)", "(?m)", "(?a)", "(?ia)", "(?x)"]),
    st.recursive(_atoms, _grown, max_leaves=6),
).map("".join)
"""Most of them compile."""

texts = st.lists(
    st.one_of(
        st.sampled_from(WORDS), st.sampled_from(list(LETTERS)), st.sampled_from(["\n", "\r\n"])
    ),
    max_size=24,
).map("".join)
