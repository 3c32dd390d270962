"""What the applications above tell this one: who wants to hear of a mail, what staff may be told of.

No model is imported here, so that AppConfigs may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Kind:
    """A kind of event that staff are told of; an important one reaches everyone by one way at least."""

    name: str
    label: str
    is_important: bool


_kinds: dict[str, Kind] = {}


def announce(name: str, label: str) -> None:
    """Something that a member of staff may choose not to hear of."""
    _kinds[name] = Kind(name, label, is_important=False)


def announce_important(name: str, label: str) -> None:
    """Contracts, money, failures: by mail or on the desk, but not by neither."""
    _kinds[name] = Kind(name, label, is_important=True)


def kinds() -> list[Kind]:
    """The important ones first."""
    return sorted(_kinds.values(), key=lambda kind: (not kind.is_important, kind.label))


def kind_of(name: str) -> Kind | None:
    return _kinds.get(name)
