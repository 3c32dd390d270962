"""Who wants to hear what became of a mail. No model is imported here, so that AppConfigs may."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from notifications.models import OutgoingEmail

Handler = Callable[["OutgoingEmail"], None]
_handlers: dict[str, Handler | str] = {}


def when_delivered(app_label: str, handler: Handler | str) -> None:
    """Let an application hear of its mails, whose message begins with its label; `handler` or its dotted path.

    It is called once a mail is sent, failed, outdated or given up, in the transaction that writes it down,
    and again by the sweep until it has not raised.
    """
    _handlers[app_label] = handler


def handler_of(email: OutgoingEmail) -> Handler | None:
    handler = _handlers.get(email.message.partition("/")[0])
    return cast(Handler, import_string(handler)) if isinstance(handler, str) else handler
