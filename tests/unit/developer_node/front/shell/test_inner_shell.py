"""A shell inside a recorded one is known by its words, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from developer_node.front.shell.inner_shell import opens_shell


@pytest.mark.parametrize(
    "text",
    [
        "bash",
        "/bin/zsh -l",
        "bash --norc --rcfile mine",
        "exec fish",
        "env A=b bash",
        "LANG=C sh",
        "cd /tmp && bash",
        "(bash)",
        "bash; echo done",
        "su",
        "su - bob",
        "sudo -s",
        "sudo -i -u bob",
        "sudo su -",
        "sudo -u bob bash",
        "ssh host",
        "ssh -p 22 -i key bob@host",
        "docker exec -it shop bash",
        "docker run --rm -i -t image /bin/sh",
        "kubectl exec -it pod -- sh",
        "poetry shell",
        "nix-shell -p jq",
    ],
)
def test_what_opens_a_shell_for_a_person_is_known(text: str) -> None:
    assert opens_shell(text)


@pytest.mark.parametrize(
    "text",
    [
        "bash script.sh",
        "bash -c 'pytest -q'",
        "bash -lc 'make'",
        "sh ./configure && make",
        "cat install | bash",
        "cat install | sudo bash",
        "bash < script",
        "su bob -c make",
        "sudo make install",
        "sudo -u bob make",
        "ssh host make",
        "ssh -N -L 1:host:2 host",
        "docker exec -it shop pytest",
        "docker exec shop bash",
        "pytest -it tests/bash",
        "echo bash",
        "man bash",
        "make shell",
        "nix-shell --run make",
        "",
        "'unclosed",
    ],
)
def test_what_runs_and_ends_is_no_shell_for_a_person(text: str) -> None:
    assert not opens_shell(text)
