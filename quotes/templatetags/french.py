"""The French way of writing, for templates: `{% load french %}`, then `{{ quote.total|money }}`."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone

from quotes import french

register = template.Library()
register.filter("money", french.money)
register.filter("number", french.number)
register.filter("percent", french.percent)
# An instant is shown by its day in Paris.
register.filter("day", french.day, expects_localtime=True)
register.filter("short_day", french.short_day, expects_localtime=True)
register.filter("hour", french.hour)
register.filter("second", french.second)
register.filter("moment", french.moment)
register.filter("short_moment", french.short_moment)
register.filter("phone", french.phone)
register.filter("phone_address", french.phone_address)
register.filter("masked", french.masked)
register.filter("grouped", french.grouped)


@register.filter
def near(instant: dt.datetime) -> str:
    """`demain 14 h 32` as seen from now."""
    return french.near(instant, now=timezone.now())
