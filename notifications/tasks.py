"""The nudge's other end."""

from celery import shared_task

from notifications import delivery


@shared_task(name="notifications.deliver")
def deliver(pk: int) -> None:
    delivery.deliver(pk)
