from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Messages"

    def ready(self) -> None:
        """All models are there: each application's `events.py` may name what it declares as objects."""
        autodiscover_modules("events")
