"""Where a local model may be: on this machine, for certain, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from developer_node.away.settings import read_settings


def said(home: Path, text: str) -> str:
    (home / "developer.toml").write_text(text)
    found = read_settings(home)
    assert bool(found.endpoint) is not bool(found.sentence)
    return found.endpoint or found.sentence


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8080/v1", "http://[::1]:1/v1/", "http://127.9.9.9/v1"]
)
def test_a_server_on_this_machine_is_asked(tmp_path: Path, endpoint: str) -> None:
    assert said(tmp_path, f'[away]\nendpoint = "{endpoint}"\n') == endpoint.rstrip("/")


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("http://192.168.1.5:8080/v1", "do not leave it"),
        ("http://0.0.0.0:8080/v1", "do not leave it"),
        ("http://localhost:8080/v1", "is a name"),
        ("http://127.0.0.1.example.org/v1", "is a name"),
        ("https://127.0.0.1:8080/v1", "not of the form"),
        ("http://127.0.0.1@example.org/v1", "not of the form"),
        ("http://127.0.0.1:port/v1", "no address"),
        ("127.0.0.1:8080", "not of the form"),
    ],
)
def test_whatever_is_or_may_be_elsewhere_is_refused_with_a_sentence(
    tmp_path: Path, endpoint: str, why: str
) -> None:
    assert why in said(tmp_path, f'[away]\nendpoint = "{endpoint}"\n')
    assert read_settings(tmp_path).wrong, "status says it, while nobody has asked yet"


@pytest.mark.parametrize("text", ["", "[away]\n", "[away\n", "away = 3\n", "[away]\nendpoint=3\n"])
def test_without_an_endpoint_there_is_no_model_and_that_is_said(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text)


def test_without_a_file_it_says_where_one_would_be(tmp_path: Path) -> None:
    assert "developer.toml" in read_settings(tmp_path).sentence
