"""Nudged after a commit; the sweep takes what was missed."""

from celery import shared_task

from signing import sealing


@shared_task(name="signing.seal")
def seal(signature_id: int) -> None:
    sealing.seal_signature(signature_id)
