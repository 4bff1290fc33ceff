"""How a delivery is written into its row, and read back."""

from typing import Any

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.repositories.records import (
    clean,
    error_from_record,
    error_to_record,
    receipt_from_record,
    receipt_to_record,
)
from pellacia_service.repositories.tables.deliveries import DeliveryRow


def to_delivery(row: DeliveryRow) -> Delivery:
    """Read a row."""
    return Delivery(
        id=row.id,
        post_id=row.post_id,
        account_id=row.account_id,
        platform=row.platform,
        account_label=row.account_label,
        step=Step(row.step),
        created_at=row.created_at,
        due_at=row.due_at,
        lead=row.due_at - row.begin_at,
        generation=row.generation,
        epoch=row.epoch,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        not_before=row.not_before,
        receipt=receipt_from_record(row.receipt) if row.receipt else None,
        bytes_sent=row.bytes_sent,
        attempts=row.attempts,
        sha256=row.sha256,
        intent_at=row.intent_at,
        started_at=row.started_at,
        alive_at=row.alive_at,
        published_at=row.published_at,
        completed_at=row.completed_at,
        error=error_from_record(row.error) if row.error else None,
        evidence=tuple(row.evidence),
    )


def to_row(delivery: Delivery) -> DeliveryRow:
    """Write a new row."""
    return DeliveryRow(
        id=delivery.id,
        post_id=delivery.post_id,
        account_id=delivery.account_id,
        platform=delivery.platform,
        account_label=delivery.account_label,
        created_at=delivery.created_at,
        **columns_of(delivery),
    )


def columns_of(delivery: Delivery) -> dict[str, Any]:
    """Return what a delivery may change in its life. The lease is not among it: see `renew`."""
    return {
        "step": delivery.step.value,
        "due_at": delivery.due_at,
        "begin_at": delivery.begin_at,
        "generation": delivery.generation,
        "epoch": delivery.epoch,
        "not_before": delivery.not_before,
        "receipt": receipt_to_record(delivery.receipt) if delivery.receipt else None,
        "bytes_sent": delivery.bytes_sent,
        "attempts": delivery.attempts,
        "sha256": delivery.sha256,
        "intent_at": delivery.intent_at,
        "started_at": delivery.started_at,
        "alive_at": delivery.alive_at,
        "published_at": delivery.published_at,
        "completed_at": delivery.completed_at,
        "error": error_to_record(delivery.error) if delivery.error else None,
        "evidence": [clean(dict(piece)) for piece in delivery.evidence],
    }
