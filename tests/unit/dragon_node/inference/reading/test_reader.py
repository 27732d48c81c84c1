"""What a model is given for a request, and what it is never given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import Corrupt, Invalid, Unavailable
from common.model.llm import ChatMessage, GenerationRequest, Tool, ToolCall
from dragon_node.inference.reading.reader import Reader
from tests.support.tiny_models import CONTEXT, tiny_model

HELLO = (ChatMessage("user", "hello"),)
PROMPT = "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tiny_model(tmp_path_factory.mktemp("model")))


def test_the_template_is_what_the_model_reads(reader: Reader):
    prompted = reader.read(GenerationRequest(messages=HELLO))
    assert reader._tokenizer.decode(prompted.tokens) == PROMPT


def test_zeros_become_the_defaults_they_stand_for(reader: Reader):
    request = reader.read(GenerationRequest(messages=HELLO)).request
    assert (request.max_tokens, request.top_p, request.repetition_penalty) == (256, 1.0, 1.0)


def test_a_seed_is_drawn_for_each_and_one_that_is_given_stays(reader: Reader):
    drawn = {reader.read(GenerationRequest(messages=HELLO)).request.seed for _ in range(8)}
    assert len(drawn) == 8
    assert reader.read(GenerationRequest(messages=HELLO, seed=7)).request.seed == 7


def test_more_than_the_model_takes_is_refused_with_the_numbers(reader: Reader):
    long = (ChatMessage("user", "a" * CONTEXT),)
    with pytest.raises(
        Invalid, match=rf"2\d\d\d tokens of prompt and 9 of answer .* {CONTEXT}"
    ) as why:
        reader.read(GenerationRequest(messages=long, max_tokens=9))
    assert why.value.field == "messages"


def test_the_last_token_that_fits_is_taken(reader: Reader):
    prompt = len(reader.read(GenerationRequest(messages=HELLO)).tokens)
    reader.read(GenerationRequest(messages=HELLO, max_tokens=CONTEXT - prompt))
    with pytest.raises(Invalid):
        reader.read(GenerationRequest(messages=HELLO, max_tokens=CONTEXT - prompt + 1))


def test_a_template_that_refuses_is_quoted(tmp_path: Path):
    template = "{{ raise_exception('System role not supported') }}"
    reader = Reader(tiny_model(tmp_path, template=template))
    with pytest.raises(Invalid, match="does not take these messages: System role not supported"):
        reader.read(GenerationRequest(messages=HELLO))


def test_a_template_that_breaks_refuses_the_messages_only(tmp_path: Path):
    reader = Reader(
        tiny_model(tmp_path, template="{{ messages[0].content + messages[9].content }}")
    )
    with pytest.raises(Invalid, match="does not take these messages"):
        reader.read(GenerationRequest(messages=HELLO))


def test_a_model_without_a_template_says_so(tmp_path: Path):
    directory = tiny_model(tmp_path)
    described = json.loads((directory / "tokenizer_config.json").read_text())
    del described["chat_template"]
    (directory / "tokenizer_config.json").write_text(json.dumps(described))
    with pytest.raises(Invalid, match="no chat template"):
        Reader(directory).read(GenerationRequest(messages=HELLO))


def test_tools_are_refused_where_the_template_does_not_show_them(reader: Reader):
    assert not reader.takes_tools
    with pytest.raises(Invalid, match="takes no tools") as why:
        reader.read(GenerationRequest(messages=HELLO, tools=(Tool("f"),)))
    assert why.value.field == "tools"


def test_messages_with_calls_are_refused_where_they_would_be_lost(reader: Reader):
    called = ChatMessage("assistant", "", tool_calls=(ToolCall("1", "f", "{}"),))
    with pytest.raises(Invalid, match="hold calls of tools") as why:
        reader.read(GenerationRequest(messages=(*HELLO, called)))
    assert why.value.field == "messages"


def test_thinking_is_refused_where_the_model_has_none(reader: Reader):
    with pytest.raises(Invalid, match="knows no thinking") as why:
        reader.read(GenerationRequest(messages=HELLO, thinking="on"))
    assert why.value.field == "thinking"


def test_not_thinking_is_what_a_model_without_thoughts_does(reader: Reader):
    assert reader.read(GenerationRequest(messages=HELLO, thinking="off")).opening == ""


def test_the_context_of_the_entry_goes_before_the_configuration(tmp_path: Path):
    directory = tiny_model(tmp_path)
    assert Reader(directory).context == CONTEXT
    assert Reader(directory, context=512).context == 512


def test_stop_tokens_are_those_of_tokenizer_and_generation_config(tmp_path: Path):
    directory = tiny_model(tmp_path)
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": [256, 258]}))
    assert Reader(directory).stop_tokens == {256, 258}


def test_a_text_is_counted_without_a_template(reader: Reader):
    assert reader.count("hello") == 5


def test_a_model_that_is_not_there_is_unavailable(tmp_path: Path):
    with pytest.raises(Unavailable, match=r"config\.json cannot be read"):
        Reader(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_file_that_is_not_json_is_named(tmp_path: Path, name: str):
    directory = tiny_model(tmp_path)
    (directory / name).write_text('{"half":')
    with pytest.raises((Corrupt, Unavailable), match=str(tmp_path)):
        Reader(directory)


def test_a_configuration_that_tells_no_context_asks_for_one(tmp_path: Path):
    directory = tiny_model(tmp_path)
    config = json.loads((directory / "config.json").read_text())
    del config["max_position_embeddings"]
    (directory / "config.json").write_text(json.dumps(config))
    with pytest.raises(Unavailable, match="how many tokens") as why:
        Reader(directory)
    assert "models.toml" in why.value.hint
