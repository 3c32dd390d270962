"""The project: settings, addresses, Celery, checks. It knows every application; none imports it."""

from lib import VERSION
from logisav.celery import app as celery_app

__version__ = VERSION

__all__ = ["__version__", "celery_app"]
