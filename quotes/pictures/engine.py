"""A photo in, two JPEGs of our own drawing out: who asks the child process that reads it (see redraw.py).

The web process decodes nothing of it. Few are drawn at once on the whole machine, and whatever else runs goes first.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import StrEnum

from lib import fence, warm
from lib.places import place

MAX_PIXELS = 40_000_000
LARGE, SMALL = 960, 480  # longest sides: twice a telephone's width, and in the PDF half a page
MOST_BYTES = 400_000  # of one JPEG: twelve of them stay below the five megabytes that a mail carries well
SECONDS = 30
AT_ONCE = 2
PATIENCE = 20.0  # seconds: somebody sends several at once


class Refused(StrEnum):
    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"


class NotDrawn(Exception):
    """There is no photo; `why` says why."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Photo:
    """`large` is shown and printed, `small` is for telephones; width and height are those of `large`."""

    large: bytes
    small: bytes
    width: int
    height: int
    small_width: int


def redrawn(data: bytes) -> Photo:
    """Raises NotDrawn, or lib.places.Busy."""
    with place("pictures", most=AT_ONCE, patience=PATIENCE):
        try:
            done = REDRAWER.run(data, seconds=SECONDS)
        except warm.Endless as endless:
            raise NotDrawn(Refused.NO_PICTURE) from endless
    if done.code:
        raise NotDrawn(Refused.NO_PICTURE)
    head, _, files = done.answer.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise NotDrawn(Refused(said["refused"]))
    cut = said.pop("cut")
    return Photo(large=files[:cut], small=files[cut:], **said)


REDRAWER = warm.Warm(
    [*fence.LOWER_PRIORITY, sys.executable, "-P", "-m", "quotes.pictures.redraw"],
    environment=fence.environment,
    scratch="logisav-photo-",
)
