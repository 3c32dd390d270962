"""Which day it is: in Paris, whatever the server's clock says."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from lib.french import in_paris


def today_in_paris() -> dt.date:
    return in_paris(timezone.now()).date()
