"""The one periodic task: whatever a lost nudge left behind is taken up here."""

from celery import shared_task

from logisav import sweeping


@shared_task(name="logisav.sweep")
def sweep() -> None:
    sweeping.sweep()
