from django.apps import AppConfig

from notifications.registry import when_delivered


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Acomptes"

    def ready(self) -> None:
        when_delivered("payments", "quotes.emails.delivered")
