"""`auth login` as a process, and the person in front of it."""

import re
import subprocess
from dataclasses import dataclass
from typing import Any

import httpx

from tests.front_ends.command import PATIENCE, CommandLine, Ended

FREE_PORT = {"PELLACIA_REDIRECT_PORT": "0"}


@dataclass(frozen=True)
class Login:
    """A running `auth login` that has printed the address of the consent page."""

    process: subprocess.Popen[str]
    url: str

    def decide(self, decision: str = "approve", **form: Any) -> str:
        """Send the form of the page; return where the browser is sent."""
        sent = httpx.post(self.url, data={"decision": decision, **form})
        return str(sent.headers["location"])

    def ended(self, typed: str | None = None) -> Ended:
        """Type what there is to type, and wait for the end."""
        out, err = self.process.communicate(typed, timeout=PATIENCE)
        return Ended(self.process.returncode, out, err)


def page_of(process: subprocess.Popen[str]) -> str:
    """Read what the program says until it has named a consent page."""
    assert process.stderr is not None
    said = ""
    while line := process.stderr.readline():
        said += line
        if found := re.search(r"^  (http\S+)", line):
            return found[1]
    raise AssertionError(f"no page was named: {said}")


def start_login(
    pellacia: CommandLine, *words: str, stdin: int = subprocess.PIPE, **environment: str
) -> Login:
    """Start `auth login` and wait until it has shown the page."""
    process = subprocess.Popen(
        [*pellacia.program, "auth", "login", *words],
        env={"PATH": "/usr/bin:/bin", **pellacia.environment, **FREE_PORT, **environment},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    return Login(process, page_of(process))
