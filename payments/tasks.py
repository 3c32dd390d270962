"""Nudged after a commit; the sweep takes what was missed."""

from celery import shared_task

from payments import workflow


@shared_task(name="payments.send_refund")
def send_refund(refund_id: int) -> None:
    workflow.send_refund(refund_id)
