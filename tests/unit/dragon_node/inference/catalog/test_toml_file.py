"""models.toml: what it may say, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid
from dragon_node.inference.catalog.defaults import BGE, WHEELS, defaults
from dragon_node.inference.catalog.entries import Directory, Entry, Hub, Wheel
from dragon_node.inference.catalog.toml_file import read_entries
from dragon_node.inference.fetching import pins

CODER = Entry("coder", "code", Hub("a/coder"), 7, alternatives=("quick",))
QUICK = Entry("quick", "fast", Hub("a/quick"))
DEFAULTS = (CODER, QUICK)


def read(tmp_path: Path, text: str, given: tuple[Entry, ...] = DEFAULTS) -> tuple[Entry, ...]:
    path = tmp_path / "models.toml"
    path.write_text(text)
    return read_entries(path, given)


def test_without_a_file_the_defaults_hold(tmp_path: Path):
    assert read_entries(tmp_path / "models.toml", DEFAULTS) == DEFAULTS
    assert read(tmp_path, "") == DEFAULTS


def test_everything_that_an_entry_may_say(tmp_path: Path):
    text = """
    [models.mine]
    source = "hub:Me/Mine-4bit@v1.0"
    purpose = "reasoning"
    parameters = 30_000_000_000
    priority = 3
    context = 65_536
    prompt_tokens = 8_192
    alternatives = ["coder", "quick"]
    pin = true
    draft = "quick"
    draft_tokens = 4
    kv_bits = 8

    [models.vectors]
    source = "directory:/models/vectors"
    purpose = "embedding"
    pooling = "mean"
    query_prefix = "query: "
    embed_tokens = 256
    slots = 4
    """
    mine, vectors = read(tmp_path, text)[2:]
    assert mine == Entry(
        "mine",
        "reasoning",
        Hub("Me/Mine-4bit", "v1.0"),
        parameters=30_000_000_000,
        priority=3,
        context=65_536,
        prompt_tokens=8_192,
        alternatives=("coder", "quick"),
        pin=True,
        slots=1,
        draft="quick",
        draft_tokens=4,
        kv_bits=8,
    )
    assert vectors == Entry(
        "vectors",
        "embedding",
        Directory(Path("/models/vectors")),
        pooling="mean",
        query_prefix="query: ",
        embed_tokens=256,
        slots=4,
    )


def test_without_a_source_a_default_is_changed_and_keeps_the_rest(tmp_path: Path):
    changed, _ = read(tmp_path, "[models.coder]\npin = true\npriority = 1\n")
    assert (changed.pin, changed.priority) == (True, 1)
    assert (changed.source, changed.parameters) == (CODER.source, 7)


def test_with_a_source_a_default_is_replaced_and_keeps_its_place(tmp_path: Path):
    text = '[models.coder]\nsource = "hub:b/other"\npurpose = "fast"\n'
    replaced, quick = read(tmp_path, text)
    assert replaced == Entry("coder", "fast", Hub("b/other"))
    assert quick == QUICK


def test_a_default_that_is_removed_is_named_by_nobody(tmp_path: Path):
    (coder,) = read(tmp_path, "[models.quick]\nremove = true\n")
    assert (coder.name, coder.alternatives) == ("coder", ())


def test_a_wheel_is_named_by_the_model_in_it(tmp_path: Path):
    text = f'[models.mini]\nsource = "wheel:{pins.MINILM.model}"\npurpose = "embedding"\n'
    assert read(tmp_path, text)[-1].source == Wheel(pins.MINILM)


def test_who_drafts_or_quantises_takes_one_request_at_a_time(tmp_path: Path):
    assert read(tmp_path, "[models.coder]\nkv_bits = 4\n")[0].slots == 1
    assert read(tmp_path, '[models.coder]\ndraft = "quick"\n')[0].slots == 1
    assert read(tmp_path, '[models.coder]\ndraft = "quick"\nslots = 1\n')[0].slots == 1
    with pytest.raises(Invalid, match=r"models\.coder\.slots.*write 1"):
        read(tmp_path, "[models.coder]\nkv_bits = 4\nslots = 8\n")


NEW = '[models.new]\nsource = "hub:a/b"\npurpose = "fast"\n'
WRONG = {
    "no toml": ("[models", "", "cannot be read"),
    "another table": ("[model.new]\n", "", "write [models.NAME]"),
    "no table": ("models = 3", "models", "write [models.NAME]"),
    "no table of an entry": ("[models]\nnew = 3", "models.new", "write [models.new]"),
    "unknown key": (NEW + "prority = 1", "models.new.prority", "there are source, purpose"),
    "a dot without quotes": (
        "[models.qwen3.6-35b]\npin = true",
        "models.qwen3.6-35b",
        'quote a name with a dot: [models."qwen3.6-35b"]',
    ),
    "no source": ('[models.new]\npurpose = "fast"', "models.new.source", "hub:OWNER/NAME"),
    "no purpose": ('[models.new]\nsource = "hub:a/b"', "models.new.purpose", "reasoning, code"),
    "purpose": (NEW.replace('"fast"', '"quick"'), "models.new.purpose", "reasoning, code"),
    "name": ('[models."New Model"]\npin = true', "models.New Model", "small letters"),
    "name with a way out": ('[models.".."]\npin = true', "models...", "small letters"),
    "name of a purpose": ("[models.code]\npin = true", "models.code", "no purpose"),
    "name that means something": ('[models."a.partial"]\npin = true', "models.a.partial", "ending"),
    "a web address": (NEW.replace("hub:a/b", "https://a/b"), "models.new.source", "hub:OWNER"),
    "a hub without owner": (NEW.replace("hub:a/b", "hub:b"), "models.new.source", "hub:OWNER"),
    "a hub with a way out": (NEW.replace("a/b", "../b"), "models.new.source", "hub:OWNER"),
    "a relative directory": (NEW.replace("hub:a/b", "directory:b"), "models.new.source", "/PATH"),
    "an unknown wheel": (NEW.replace("hub:a/b", "wheel:b"), "models.new.source", "there are"),
    "a directory of nobody": (
        NEW.replace("hub:a/b", "directory:~nobody-has-this-name/m"),
        "models.new.source",
        "home directory",
    ),
    "a directory with a zero": (
        NEW.replace("hub:a/b", "directory:/a\\u0000b"), "models.new.source", "/PATH"),
    "a source nested without end": (
        f'[models.new]\nsource.{"a." * 5_000}b = 1', "models.new.source", "hub:OWNER/NAME"),
    "a file nested without end": ("models = " + "[" * 5_000, "models", "cannot be read"),
    "a number as text": (NEW + 'priority = "1"', "models.new.priority", "whole number"),
    "a truth as number": (NEW + "priority = true", "models.new.priority", "whole number"),
    "too many slots": (NEW + "slots = 65", "models.new.slots", "from 1 to 64"),
    "context": (NEW + "context = 16", "models.new.context", "from 256"),
    "prompt over context": (
        NEW + "context = 512\nprompt_tokens = 512",
        "models.new.prompt_tokens",
        "less than its context, 512",
    ),
    "kv_bits": (NEW + "kv_bits = 3", "models.new.kv_bits", "4, 8"),
    "pin": (NEW + 'pin = "yes"', "models.new.pin", "true or false"),
    "pooling": (NEW + 'pooling = "max"', "models.new.pooling", "cls, mean, last"),
    "no list": (NEW + 'alternatives = "coder"', "models.new.alternatives", "a list"),
    "too long a list": (NEW + f"alternatives = {['coder'] * 17}", "models.new.alternatives", "16"),
    "nobody": (NEW + 'alternatives = ["who"]', "models.new.alternatives", "no model 'who'"),
    "itself": (NEW + 'alternatives = ["new"]', "models.new.alternatives", "itself"),
    "no draft": (NEW + 'draft = "who"', "models.new.draft", "no model 'who'"),
    "a draft of a draft": (
        NEW + 'draft = "coder"\n[models.coder]\ndraft = "quick"',
        "models.new.draft",
        "has a draft itself",
    ),
    "an embedder that drafts": (
        NEW + 'draft = "e"\n[models.e]\nsource = "hub:a/e"\npurpose = "embedding"',
        "models.new.draft",
        "embeds",
    ),
    "a stand-in for an embedder": (
        '[models.e]\nsource = "hub:a/e"\npurpose = "embedding"\nalternatives = ["quick"]',
        "models.e.alternatives",
        "models that speak",
    ),
    "a question's prefix on a speaker": (NEW + 'query_prefix = "q"', "models.new.query_prefix",
                                         "for embedders"),
    "a circle": ('[models.quick]\nalternatives = ["coder"]', "models.coder.alternatives", "circle"),
    "nothing to remove": ("[models.new]\nremove = true", "models.new.remove", "no default"),
    "half removed": ("[models.coder]\nremove = true\npin = true", "models.coder.remove", "nothing"),
    "kept and removed": ("[models.coder]\nremove = false", "models.coder.remove", "remove = true"),
}  # fmt: skip


MADE = ['pooling = "cls"', 'query_prefix = "query: "', "embed_tokens = 256"]


@pytest.mark.parametrize("line", MADE)
@pytest.mark.parametrize("source", ["", f'source = "wheel:{BGE.name}"\npurpose = "embedding"\n'])
def test_what_bge_would_not_follow_is_not_accepted(tmp_path: Path, line: str, source: str):
    """Its vectors are made as onnxruntime has it: the key would be shown and mean nothing."""
    with pytest.raises(Invalid, match=r"leave it out: .* runs as it was built") as why:
        read(tmp_path, f"[models.{BGE.name!r}]\n{source}{line}\n", WHEELS)
    assert why.value.field == f"models.{BGE.name}.{line.split()[0]}"
    assert read(tmp_path, f"[models.{BGE.name!r}]\npriority = 3\n", WHEELS)[-1].priority == 3


def test_an_embedder_on_mlx_follows_those_keys(tmp_path: Path):
    text = '[models.mini]\nsource = "wheel:all-minilm-l6-v2"\npurpose = "embedding"\n'
    found = read(tmp_path, text + "\n".join(MADE), WHEELS)[-1]
    assert (found.pooling, found.query_prefix, found.embed_tokens) == ("cls", "query: ", 256)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_names_file_entry_key_and_what_to_write(tmp_path: Path, case: str):
    text, field, said = WRONG[case]
    with pytest.raises(Invalid) as why:
        read(tmp_path, text)
    assert str(tmp_path / "models.toml") in why.value.message
    assert field in why.value.message
    assert said in why.value.message
    if field.count(".") == 2 and ".." not in field:
        assert why.value.field == field


def test_a_file_without_end_is_refused_unread(tmp_path: Path):
    with pytest.raises(Invalid, match="larger than"):
        read(tmp_path, "#" * ((1 << 20) + 1))


def test_more_models_than_anybody_has_are_refused(tmp_path: Path):
    text = "".join(NEW.replace("new", f"m{n}") for n in range(201))
    with pytest.raises(Invalid, match="203 models, more than 200"):
        read(tmp_path, text)


def test_the_defaults_of_a_mac_can_be_changed_one_by_one(tmp_path: Path):
    given = defaults(64 << 30, "darwin")
    text = "".join(f"[models.{e.name!r}]\npin = true\n" for e in given)
    assert all(e.pin for e in read(tmp_path, text.replace("'", '"'), given))
