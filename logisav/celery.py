"""The Celery application. A task is only a nudge: what must happen is a row in the database."""

import os

import kombu.transport.sqlalchemy
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logisav.settings")

# The embedded broker is a table that is polled; as a transport option the interval raises TypeError.
kombu.transport.sqlalchemy.Transport.polling_interval = 0.1

app = Celery("logisav")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without it threads that did not import this module nudge an unconfigured application of their own.
app.set_default()
