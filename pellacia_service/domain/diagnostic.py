"""What is wrong with a file from the production phase, said as a compiler says it."""

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """
    One thing that is wrong, and where.

    Args:
        file: the file's name in the watched folder.
        code: the rule's stable code, see `watch_folder/codes.py`.
        fix: what a person can do about it; empty where the message has said it.
        line, column: counted from 1, in characters; 0 for the file as a whole.
    """

    file: str
    level: Level
    code: str
    message: str
    fix: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`clip.json:14:9 error TT012 message [fix: …]`, on one line."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        fix = f" [fix: {_one_line(self.fix)}]" if self.fix else ""
        return f"{place} {self.level} {self.code} {_one_line(self.message)}{fix}"


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")
