"""The French way of writing, for templates: `{% load french %}`, then `{{ quote.total|money }}`."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import format_html

from lib import french, phones

register = template.Library()
register.filter("money", french.money)
register.filter("price", french.price)
register.filter("number", french.number)
register.filter("quantity", french.quantity)
register.filter("percent", french.percent)
# An instant is shown by its day in Paris.
register.filter("day", french.day, expects_localtime=True)
register.filter("short_day", french.short_day, expects_localtime=True)
register.filter("hour", french.hour)
register.filter("second", french.second)
register.filter("moment", french.moment)
register.filter("short_moment", french.short_moment)
register.filter("phone", phones.shown)
register.filter("phone_address", phones.dialled)
register.filter("masked", french.masked)
register.filter("file_size", french.file_size)
register.filter("grouped", french.grouped)


@register.filter
def one_line(text: str) -> str:
    """An address inside a sentence."""
    return ", ".join(text.splitlines())


@register.filter
def loose(name: str) -> str:
    """In a narrow column a name is broken between its words, not inside of one."""
    return name.replace("\u00a0", " ")


@register.filter
def in_threes(code: str) -> str:
    """`418 205`, with a space that does not break; a masked code stays as it is."""
    return f"{code[:3]}\u00a0{code[3:]}" if code.isdigit() else code


@register.filter
def iso(instant: dt.datetime) -> str:
    """For `datetime=`: HTML allows milliseconds at most, and a second is enough."""
    return timezone.localtime(instant).isoformat(timespec="seconds")


@register.filter
def near(instant: dt.datetime) -> str:
    """`demain 14 h 32` as seen from now."""
    return french.near(instant, now=timezone.now())


@register.filter
def phone_link(text: str) -> str:
    """A number to tap; without a link where it cannot be dialled."""
    address, written = phones.dialled(text), phones.shown(text)
    if address:
        return format_html('<a class="nowrap" href="tel:{}">{}</a>', address, written)
    return format_html('<span class="nowrap">{}</span>', written)
