from django.apps import AppConfig

from notifications.registry import when_delivered


class SigningConfig(AppConfig):
    name = "signing"
    verbose_name = "Signatures"

    def ready(self) -> None:
        when_delivered("signing", "quotes.emails.delivered")
