from django.apps import AppConfig

from notifications.registry import when_delivered


class QuotesConfig(AppConfig):
    name = "quotes"
    verbose_name = "Devis"

    def ready(self) -> None:
        when_delivered("quotes", "quotes.emails.delivered")
