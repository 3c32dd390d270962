from django.apps import AppConfig

from notifications.registry import announce, announce_important, when_delivered


class QuotesConfig(AppConfig):
    name = "quotes"
    verbose_name = "Devis"

    def ready(self) -> None:
        when_delivered("quotes", "quotes.emails.delivered")
        announce("question", "Question d'un client")
        announce("refused", "Devis refusé")
        announce("expiring", "Devis qui expire bientôt")
        announce_important("withdrawn", "Rétractation d'un client")
        announce_important("failure", "Mail, PDF ou paiement en échec")
