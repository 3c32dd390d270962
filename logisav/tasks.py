"""What a worker loads: its sign of life, and a pass over every queue for whoever asks for one through the broker."""

from celery import current_app, shared_task

from logisav import sweeping
from logisav.health.heartbeat import Heartbeat

current_app.steps["worker"].add(Heartbeat)


@shared_task(name="logisav.sweep", soft_time_limit=900, time_limit=930)
def sweep() -> None:
    sweeping.sweep()
