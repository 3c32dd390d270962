"""The mails about accounts; what is done with them stands in the staff's own journal."""

from __future__ import annotations

from notifications.events import Mail, declare

declare(
    Mail("logisav/invitation", "l'invitation"),
    Mail("logisav/reset", "le lien pour un nouveau mot de passe", about_account=True),
    Mail("logisav/account", "l'avis sur le compte", about_account=True),
)
