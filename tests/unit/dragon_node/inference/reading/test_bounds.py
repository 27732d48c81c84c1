"""A template's work comes to an end, whatever it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from common.errors import Invalid
from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference.reading import bounds
from dragon_node.inference.reading.reader import Reader
from tests.support.tiny_models import TEMPLATE, tiny_model

HELLO = GenerationRequest(messages=(ChatMessage("user", "hello"),))

WORKS_FOR_EVER = {
    "loops in loops": "{% for a in range(99999) %}" * 5 + "{% endfor %}" * 5,
    "loops over what is said": "{% for a in messages[0].content * 9999 %}" * 4 + "{% endfor %}" * 4,
    "a loop that leaves everything out": "{% for a in range(99999) %}{% for b in range(99999) "
    "if b < 0 %}{% endfor %}{% endfor %}",
    "a recursive loop": "{% for a in range(99999) recursive %}{% if loop.depth < 9 %}"
    "{{ loop(range(99999)) }}{% endif %}{% endfor %}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}"
    "{% endif %}{% endmacro %}{{ f(99) }}",
}
MAKES_WITHOUT_END = {
    "a value joined to itself": "{% set n = namespace(x='ab') %}{% for i in range(99) %}"
    "{% set n.x = n.x ~ n.x %}{% endfor %}",
    "a value added to itself": "{% set n = namespace(x=[0, 1]) %}{% for i in range(99) %}"
    "{% set n.x = n.x + n.x %}{% endfor %}",
    "a value many times": "{{ 'ab' * 9999999999 }}",
    "a block written twice into itself": "{% set n = namespace(x='ab') %}{% for i in range(99) %}"
    "{% set x %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = x %}{% endfor %}",
    "a macro's words": "{% macro f(n) %}{% if n %}{% set x = f(n - 1) %}{{ x }}{{ x }}{% else %}"
    "ab{% endif %}{% endmacro %}{{ f(99) }}",
}
ASKS_FOR_MUCH = {
    "a power": "{{ 9 ** 9 ** 9 }}",
    "squares of squares": "{% set n = namespace(x=9) %}{% for i in range(99) %}"
    "{% set n.x = n.x * n.x %}{% endfor %}",
    "a width": "{{ 'a'.center(99999999999) }}",
    "slices": "{{ [1] | slice(99999999999) | list }}",
    "digits": "{{ 1.5 | round(99999999999, 'floor') }}",
}


def reader(here: Path, template: str) -> Reader:
    return Reader(tiny_model(here / "model", template=template))


@pytest.mark.parametrize("template", WORKS_FOR_EVER.values(), ids=WORKS_FOR_EVER)
def test_a_template_that_works_for_ever_is_stopped(
    tmp_path: Path, template: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "RENDER_S_MAX", 0.05)
    with pytest.raises(Invalid, match=r"works for more than 0\.05 seconds"):
        reader(tmp_path, template).read(HELLO)


@pytest.mark.parametrize("template", MAKES_WITHOUT_END.values(), ids=MAKES_WITHOUT_END)
def test_a_template_that_writes_without_end_is_stopped(
    tmp_path: Path, template: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "CHARS_MAX", 1 << 20)
    with pytest.raises(Invalid, match="makes more than 1048576 characters"):
        reader(tmp_path, template).read(HELLO)


@pytest.mark.parametrize("template", ASKS_FOR_MUCH.values(), ids=ASKS_FOR_MUCH)
def test_a_number_that_would_take_for_ever_is_refused(tmp_path: Path, template: str):
    with pytest.raises(Invalid, match=r"asks for a number of more than \d+ bits"):
        reader(tmp_path, template).read(HELLO)


def test_a_function_that_writes_as_much_as_it_is_told_is_not_there(tmp_path: Path):
    with pytest.raises(Invalid, match="lipsum"):
        reader(tmp_path, "{{ lipsum(9999) }}").read(HELLO)


def test_the_longest_conversation_is_far_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A thousand messages of two million characters, in a twentieth of what is there."""
    monkeypatch.setattr(bounds, "CHARS_MAX", bounds.CHARS_MAX // 20)
    prompt = reader(tmp_path, TEMPLATE)._template.render(
        [{"role": "user", "content": "x" * 2_000}] * 1_000, (), ""
    )
    assert prompt.count("<|im_start|>") == 1_001


def test_what_a_template_writes_is_what_it_writes_without_bounds():
    """The control: jinja's own sandbox."""
    template = (
        "{% for m in said if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ loop.first }}"
        "{{ loop.last }}{{ loop.previtem is defined }}{{ loop.revindex }}"
        "{{ loop.nextitem.content if not loop.last }}{{ loop.changed(m.role) }}"
        "{{ loop.cycle('a', 'b') }}{% else %}none{% endfor %}|"
        "{% for k, v in said[0].items() %}{{ k ~ '=' ~ v ~ (1 + 2 * 3) }},{% endfor %}|"
        "{% for x in [[1, [2]], [3]] recursive %}{% if x is iterable %}({{ loop(x) }})"
        "{% else %}{{ loop.depth }}{{ x }}{% endif %}{% endfor %}|"
        "{% for x in nothing %}{% else %}none{% endfor %}|{{ 2 ** 10 }}|{{ 1.25 | round(1) }}|"
        "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% elif x > 3 %}{% break %}{% endif %}"
        "{{ x }}{% endfor %}|{{ 'a\nb' | indent(2) }}|{{ said[::-1] | map(attribute='content') | "
        "join(', ') }}|{% macro f(x, y=2) %}{{ x * y }}{{ caller() if caller }}{% endmacro %}"
        "{{ f('ab') }}{% call f(3) %}called{% endcall %}|{% set x %}{{ said[1].content }}!"
        "{% endset %}{{ x }}{{ [1] + [2] }}{{ 'x' * 3 }}"
    )
    said = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]

    def written(sandbox: type[ImmutableSandboxedEnvironment]) -> str:
        environment = sandbox(trim_blocks=True, extensions=["jinja2.ext.loopcontrols"])
        return environment.from_string(template).render(said=said)

    plain = written(ImmutableSandboxedEnvironment)
    assert plain.startswith("1/2TrueFalse")
    assert written(bounds.BoundedEnvironment) == plain
