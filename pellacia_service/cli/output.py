"""Where words go: one JSON document or lines on stdout, everything else on stderr."""

import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from pellacia_service.facade import (
    DEFAULT_LABEL,
    RESTING,
    Delivery,
    Json,
    SetupError,
    Status,
    Step,
)

if TYPE_CHECKING:
    from rich.console import Console

    from pellacia_service.facade import PostView

MARKS: Mapping[Status, str] = {
    Status.COMPLETED: "✓",
    Status.FAILED: "✗",
    Status.HELD: "?",
    Status.PENDING: "·",
    Status.PROCESSING: "…",
    Status.CANCELLED: "–",
    Status.MISSED: "!",
}

STEP_WORDS: Mapping[Step, str] = {
    Step.CHECK: "queued",
    Step.OPEN: "opening",
    Step.SEND: "uploading",
    Step.LAST_PART: "uploading",
    Step.WAIT: "processing",
    Step.READY: "ready",
    Step.PUBLISH: "publishing",
    Step.UNSURE: "making sure",
    Step.CONFIRM: "confirming",
    Step.DONE: "published",
    Step.HELD: "held for you",
    Step.FAILED: "failed",
    Step.CANCELLED: "cancelled",
    Step.MISSED: "missed",
}

LONGEST_TITLE = 60
"""Characters of a title in a list."""

UNPRINTABLE = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
"""Control characters, halves of pairs, what is no character, and line breaks in disguise."""

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e")
"""They would turn the rest of the line around. Marks of direction and joiners are left alone."""


@dataclass
class Output:
    """How this run of the program speaks, and whether it has given its answer."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    answered: bool = field(default=False, init=False)

    def document(self, value: Json) -> None:
        """Print the one JSON document."""
        self.answered = True
        # A lone surrogate has no form in UTF-8, but JSON has an escape for it, spelt as Python's.
        plain = (sys.stdout.encoding or "").lower() not in {"utf-8", "utf8"} if sys.stdout else True
        text = json.dumps(value, ensure_ascii=plain, indent=2) + "\n"
        _write(sys.stdout, text.encode("utf-8", "backslashreplace").decode())

    def line(self, text: str) -> None:
        """Print a result for people."""
        if not self.as_json and not self.quiet:
            _write(sys.stdout, printable(text) + "\n")

    def note(self, text: str) -> None:
        """Print something beside the result."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print what went wrong. Said even when everything else is quiet."""
        try:
            _write(sys.stderr, printable(text) + "\n")
        except SetupError:
            return  # There is nowhere left to say so, and it is no reason to stop publishing.

    def console(self) -> "Console":
        """Return a console on stderr, for live lanes."""
        from rich.console import Console  # noqa: PLC0415 - rich costs 60 ms and few commands draw

        return Console(stderr=True, no_color=not self.wants_color, highlight=False)

    @property
    def wants_color(self) -> bool:
        """True unless somebody asked for none (--no-color, NO_COLOR)."""
        return self.color and not os.environ.get("NO_COLOR")


def _write(stream: TextIO | None, text: str) -> None:
    """
    Write, and see that it arrives.

    Raises:
        SetupError: it does not: the disk is full.
    """
    if stream is None:  # closed by whoever started us: `>&-`
        return
    encoding = stream.encoding or "ascii"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        # `… | head -1`: nobody reads any more. The command still goes to its end.
        _lead_nowhere(stream)
    except OSError as error:
        _lead_nowhere(stream)
        raise SetupError(f"The answer cannot be written: {error.strerror}.") from error


def _lead_nowhere(stream: TextIO) -> None:
    """Let the rest vanish, also what Python would write at its end, with a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def printable(text: str) -> str:
    """Replace what a terminal must not be sent: control characters and lone surrogates."""
    return "".join(one if _can_be_shown(one) else "�" for one in text)


def _can_be_shown(one: str) -> bool:
    return one in "\n\t" or (unicodedata.category(one) not in UNPRINTABLE and one not in TURNING)


def address_of(delivery: Delivery) -> str:
    """Name a delivery's account as people write it."""
    if delivery.account_label == DEFAULT_LABEL:
        return delivery.platform
    return f"{delivery.platform}:{delivery.account_label}"


def delivery_lines(deliveries: Sequence[Delivery]) -> list[str]:
    """One line for each delivery: mark, account, word, and where it is or what is wrong."""
    width = max((len(address_of(one)) for one in deliveries), default=0)
    return [delivery_line(one, width=width) for one in deliveries]


def delivery_line(delivery: Delivery, *, width: int = 9) -> str:
    """One delivery in one line. The longest platform name has 9 letters."""
    words = f"{address_of(delivery):<{width}}  {STEP_WORDS[delivery.step]:<12}"
    return f"{MARKS[delivery.status]} {words}  {delivery_tail(delivery)}".rstrip()


def delivery_tail(delivery: Delivery) -> str:
    """Where it is, what is wrong, or when it goes on."""
    if delivery.status is Status.COMPLETED:
        return delivery.url
    if delivery.is_staged:
        return f"Uploaded; goes public at {delivery.due_at:%Y-%m-%d %H:%M:%S}Z."
    said = delivery.error.message if delivery.error else ""
    if delivery.not_before is None or delivery.step in RESTING:
        return said
    return f"{said} Goes on at {delivery.not_before:%Y-%m-%d %H:%M:%S}Z.".strip()


def post_lines(view: "PostView") -> list[str]:
    """One post and its deliveries, for people."""
    title = " ".join((view.stored.post.title or view.stored.post.file.name).split())
    if len(title) > LONGEST_TITLE:
        title = title[: LONGEST_TITLE - 1] + "…"
    head = f"{title}  {view.status}  {view.stored.id}"
    return [
        head,
        *(f"  {line}" for line in delivery_lines(view.deliveries)),
        *(f"  ⚠ {said}" for said in view.warnings.values()),
    ]
