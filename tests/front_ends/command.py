"""Running the command line: as a process of its own, or here where a process adds nothing."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pellacia_service.cli.main import main

PATIENCE = 60.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; `json.loads` refuses anything beside it."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    @property
    def message(self) -> str:
        """The sentence of an error that ended the command."""
        return str(self.document["error"]["message"])


@dataclass(frozen=True)
class CommandLine:
    """The program in a home of its own. What `environment` holds is set for every command."""

    home: Path
    environment: Mapping[str, str]
    program: tuple[str, ...] = (sys.executable, "-m", "pellacia_service")

    def __call__(self, *words: str, **environment: str) -> Ended:
        """Run a command in this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **environment}.items():
                patch.setenv(name, value)
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                pytest.raises(SystemExit) as ended,
            ):
                main(words)
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, _text(out), _text(err))

    def process(
        self,
        *words: str | bytes,
        stdout: int = subprocess.PIPE,
        **environment: str,
    ) -> subprocess.Popen[str]:
        """Start a command as a process."""
        return subprocess.Popen(
            [*self.program, *words],
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(
        self,
        *words: str | bytes,
        stdout: int = subprocess.PIPE,
        **environment: str,
    ) -> Ended:
        """Run a command as a process."""
        return ended(self.process(*words, stdout=stdout, **environment))

    def posts(self) -> list[dict[str, Any]]:
        """What `queue list` knows."""
        items: list[dict[str, Any]] = self("queue", "list", "--json").document["items"]
        return items


def ended(process: subprocess.Popen[str], stop: signal.Signals | None = None) -> Ended:
    """Wait for a process, asking it to stop first where that is wanted."""
    if stop is not None:
        process.send_signal(stop)
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out or "", err)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
