"""
Log lines, and what may never stand in one.

Three fences: libraries that log whole addresses are told to warn only (httpx writes every URL at
INFO, issue 2760 of its repository, read 2026-11-22); tokens go into headers, which nobody logs; and
what looks like a secret is blotted out of every line, tracebacks included, before a handler writes it.
"""

import logging
import re
import sys

LOUD = ("httpx", "httpcore", "authlib", "hpack")
"""They log addresses and headers."""

HIDDEN = "[hidden]"

PATTERNS = (
    # Bearer …, Basic …: what stands in an Authorization header.
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=!*-]{8,}"), rf"\1\2{HIDDEN}"),
    # access_token=…, "refresh_token": "…", client_secret=…: queries, forms, JSON, reprs.
    (
        re.compile(
            r"(?i)(\b\w*(?:token|secret|verifier|passwo?r?d)\b[\"']?\s*[=:]\s*b?[\"']?)"
            r"[^\s\"'&,;)}\]]{6,}"
        ),
        rf"\1{HIDDEN}",
    ),
    # …?code=…&state=…: the answer of a consent page.
    (re.compile(r"([?&](?:code|state|signature|sig)=)[^\s\"'&]{6,}"), rf"\1{HIDDEN}"),
    # The platforms' own forms of tokens: Google, Meta, TikTok; a Google client secret; a Fernet text.
    (
        re.compile(r"\b(?:ya29\.|1//0|EAA[A-Z]|act\.|rft\.|GOCSPX-|gAAAAA)[A-Za-z0-9._~!*=-]{8,}"),
        HIDDEN,
    ),
)


def redact(text: str) -> str:
    """Blot out what looks like a secret."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


class Redacting(logging.Filter):
    """Blots secrets out of every line that a handler is about to write."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; let it pass."""
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


def set_up_logs(level: str) -> None:
    """
    Make logging safe, and write it to stderr where a level is given.

    Args:
        level: "DEBUG", "INFO" …; empty: this program adds no log lines of its own to stderr.
    """
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    root = logging.getLogger()
    if level and not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
    if level:
        root.setLevel(level.upper())
    for handler in root.handlers:
        if not any(isinstance(one, Redacting) for one in handler.filters):
            handler.addFilter(Redacting())
