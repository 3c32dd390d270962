"""No token and no code in any log line, whoever wrote it: the access log and tracebacks too."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re

from lib import tracing
from notifications.masking import mask

__all__ = ["JsonFormatter", "MaskingFormatter", "formatter", "mask"]

# Whoever types a line break, an escape sequence or a character that turns the text shall write no log line of theirs.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def formatter(form: str = "text") -> logging.Formatter:
    """For LOG_FORMAT: `text` or `json`."""
    return JsonFormatter() if form == "json" else MaskingFormatter()


def _time(record: logging.LogRecord) -> str:
    """ISO 8601, with milliseconds and the offset from UTC."""
    return dt.datetime.fromtimestamp(record.created, dt.UTC).astimezone().isoformat(timespec="milliseconds")


def _escaped(text: str) -> str:
    return UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


class MaskingFormatter(logging.Formatter):
    """`time level logger [request] message`, one line; a traceback follows it, each of its lines set in.

    Masks the finished text, so that arguments and tracebacks are covered as well.
    """

    def format(self, record: logging.LogRecord) -> str:
        said = _escaped(mask(record.getMessage()))
        line = f"{_time(record)} {record.levelname} {record.name} [{tracing.current() or '-'}] {said}"
        return "\n".join(
            [line, *(f"    {_escaped(each)}" for each in self.trace(record).split("\n") if each)]
        )

    def trace(self, record: logging.LogRecord) -> str:
        """The traceback, or the stack that was asked for."""
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return mask("\n".join(filter(None, [trace, record.stack_info or ""])))


class JsonFormatter(MaskingFormatter):
    """One JSON object a line, for those whose logs are read by a program."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "request": tracing.current(),
            "message": mask(record.getMessage()),
            "process": record.process,
        }
        if trace := self.trace(record):
            told["trace"] = trace
        line = json.dumps(told, ensure_ascii=False)
        return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
