"""Where words go: one JSON document or tables on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellacia_service.facade import Delivery, Json, PostView, Status, Step

if TYPE_CHECKING:
    from rich.console import Console

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
    Step.CHECK: "checking",
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


@dataclass(frozen=True)
class Output:
    """How this run of the program speaks."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def document(self, value: Json) -> None:
        """Print the one JSON document."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def line(self, text: str) -> None:
        """Print a result for people."""
        if not self.as_json and not self.quiet:
            sys.stdout.write(printable(text) + "\n")

    def note(self, text: str) -> None:
        """Print something beside the result."""
        if not self.quiet:
            sys.stderr.write(printable(text) + "\n")

    def complain(self, text: str) -> None:
        """Print what went wrong. Said even when everything else is quiet."""
        sys.stderr.write(printable(text) + "\n")

    def console(self) -> "Console":
        """Return a console on stderr, for live lanes."""
        from rich.console import Console  # noqa: PLC0415 - rich costs 60 ms and few commands draw

        return Console(stderr=True, no_color=not self.wants_color, highlight=False)

    @property
    def wants_color(self) -> bool:
        """True unless somebody asked for none (--no-color, NO_COLOR)."""
        return self.color and not os.environ.get("NO_COLOR")


def printable(text: str) -> str:
    """Replace what a terminal must not be sent: control characters and lone surrogates."""
    kept = "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)
    return kept.encode("utf-8", "replace").decode()


def delivery_line(delivery: Delivery, *, width: int = 10) -> str:
    """One delivery in one line: mark, platform, word, and where it is or what is wrong."""
    name = delivery.platform
    if delivery.account_label != "default":
        name = f"{name}:{delivery.account_label}"
    tail = delivery.url or (delivery.error.message if delivery.error else "")
    return (
        f"{MARKS[delivery.status]} {name:<{width}} {STEP_WORDS[delivery.step]:<12} {tail}".rstrip()
    )


def post_lines(view: PostView) -> list[str]:
    """One post and its deliveries, for people."""
    width = max([10, *(len(one.platform) + len(one.account_label) + 1 for one in view.deliveries)])
    head = (
        f"{view.stored.post.title or view.stored.post.file.name}  {view.status}  {view.stored.id}"
    )
    return [head, *(f"  {delivery_line(one, width=width)}" for one in view.deliveries)]
