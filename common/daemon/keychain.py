"""The login keychain of macOS, through its `security` tool.

Written against what the tool is recorded to say; no test has run it on a Mac.
"""

from __future__ import annotations

import subprocess

from common.errors import Denied, Invalid, Missing

SERVICE = "postdevai"
TOOL = "/usr/bin/security"
TIMEOUT_S = 20.0
"""A person may be asked for a password meanwhile."""
_NOT_FOUND = 44
"""errSecItemNotFound, as the tool's exit code."""
_NO_INTERACTION = 36
"""errSecInteractionNotAllowed: a session without a desktop, or the keychain is locked."""


class SecurityTool:
    """Secrets as generic passwords of one service, each under a name of its own."""

    def put(self, name: str, secret: str) -> None:
        """Adds one. It is given on standard input: arguments can be seen by every process."""
        for word in (name, secret):
            if not word.isalnum():
                raise Invalid("a name or a secret that the tool would take apart")
        line = f"add-generic-password -a {name} -s {SERVICE} -j PostDevAI -w {secret}\n"
        done = self._run(["-i"], line)
        if done.returncode or done.stderr.strip():
            raise Denied(f"the keychain took no key: {_said(done)}", hint=_HINT)

    def get(self, name: str) -> str:
        """The secret under this name."""
        done = self._run(["find-generic-password", "-a", name, "-s", SERVICE, "-w"])
        self._refuse(done, name)
        return done.stdout.strip()

    def remove(self, name: str) -> None:
        """Deletes it."""
        self._refuse(self._run(["delete-generic-password", "-a", name, "-s", SERVICE]), name)

    def _refuse(self, done: subprocess.CompletedProcess[str], name: str) -> None:
        if done.returncode == _NOT_FOUND:
            raise Missing(f"the keychain has no {SERVICE} {name}")
        if done.returncode == _NO_INTERACTION:
            raise Denied("the keychain is locked, or may not ask in this session", hint=_HINT)
        if done.returncode:
            raise Denied(f"the keychain refused: {_said(done)}", hint=_HINT)

    def _run(self, arguments: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [TOOL, *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Denied(f"the keychain did not answer: {error}", hint=_HINT) from error


_HINT = "unlock it (security unlock-keychain), or name a key file with POSTDEVAI_KEY_FILE"


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return (
        done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
    )
