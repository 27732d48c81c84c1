"""docker's client, what a daemon answers it, and a build step that failed."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.docker import PARSER
from tests.support.tool_samples import parsed, said, sample, silent


@pytest.mark.parametrize("name", ["no_daemon", "no_daemon_run"])
def test_a_daemon_that_does_not_run_is_the_same_whatever_was_asked(name: str) -> None:
    assert said(PARSER, f"docker/{name}") == [
        (
            "no daemon",
            "",
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
            "Is the docker daemon running?",
        )
    ]


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("no_daemon_tcp", "no daemon", "environment"),
        ("no_host", "connect", "network"),
        ("no_context", "context", "environment"),
        ("unknown_command", "usage", "environment"),
        ("unknown_flag", "usage", "environment"),
        ("compose", "usage", "environment"),
        ("build", "context", "build"),
        ("pull_denied", "pull access denied", "permission"),
        ("port", "port is already allocated", "environment"),
        ("no_container", "No such container", "environment"),
        ("image_used", "conflict", "environment"),
    ],
)
def test_each_refusal_is_told_once(name: str, code: str, kind: str) -> None:
    (found,) = parsed(PARSER, f"docker/{name}").found
    assert (found.symptom.complaint.code, found.symptom.kind) == (code, kind)


def test_a_step_that_failed_has_its_line_in_the_dockerfile() -> None:
    assert said(PARSER, "docker/buildkit") == [
        (
            "failed to solve",
            "Dockerfile:43",
            'process "sh scripts/l10n.sh generate" did not complete successfully: exit code: 1',
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "unknown flag: --nosuch\n\nUsage:  kubectl get",
        "INFO docker: 0 errors from daemon",
        "the solver failed to solve it",
    ],
)
def test_words_about_errors_are_none(text: str) -> None:
    assert silent(PARSER, sample("docker/clean").text)
    assert silent(PARSER, text)
