"""How domain values are written down as JSON, and read back."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pellacia_service.domain.delivery import DeliveryError
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import BadInputError, ErrorKind

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What no database stores as text: NUL, and halves of surrogate pairs."""


def clean_text(text: str) -> str:
    """
    Replace what cannot be stored.

    For words that others wrote (a platform's answer): losing the answer would be worse.
    """
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def clean(value: Json) -> Json:
    """Replace the same in all the texts of a JSON value."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value


def check_storable(field: str, texts: Iterable[str]) -> None:
    """
    Refuse what cannot be stored.

    Raises:
        BadInputError: a person's text holds characters that cannot be stored.
    """
    for text in texts:
        if UNSTORABLE.search(text):
            raise BadInputError(
                f"The {field} holds a character that is no text (NUL or half a surrogate pair). "
                "Take it out."
            )


def media_to_record(media: Media) -> dict[str, Any]:
    """Write a probe down."""
    return {**asdict(media), "path": str(media.path)}


def media_from_record(record: Mapping[str, Any]) -> Media:
    """Read what `media_to_record` wrote."""
    return Media(**{**record, "path": Path(record["path"])})


def receipt_to_record(receipt: Receipt) -> dict[str, Any]:
    """Write a receipt down."""
    return {
        "total": receipt.total,
        "confirmed": receipt.confirmed,
        "part_size": receipt.part_size,
        "closing": receipt.closing,
        "data": clean(dict(receipt.data)),
        "post_id": clean_text(receipt.post_id),
        "url": clean_text(receipt.url),
    }


def receipt_from_record(record: Mapping[str, Any]) -> Receipt:
    """Read what `receipt_to_record` wrote."""
    return Receipt(**record)


def error_to_record(error: DeliveryError) -> dict[str, Any]:
    """Write a delivery's trouble down."""
    return {
        "kind": error.kind.value,
        "code": clean_text(error.code),
        "message": clean_text(error.message),
        "retry_at": error.retry_at.isoformat() if error.retry_at else None,
    }


def error_from_record(record: Mapping[str, Any]) -> DeliveryError:
    """Read what `error_to_record` wrote."""
    retry_at = record["retry_at"]
    return DeliveryError(
        kind=ErrorKind(record["kind"]),
        code=record["code"],
        message=record["message"],
        retry_at=dt.datetime.fromisoformat(retry_at) if retry_at else None,
    )
