"""The project: settings, addresses, Celery, checks. It knows every application; none imports it."""

from logisav.celery import app as celery_app

__all__ = ["celery_app"]
