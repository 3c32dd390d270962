"""No token and no code in any log line, whoever wrote it: the access log and tracebacks too."""

from __future__ import annotations

import logging
import re

MASKS = (
    (re.compile(r"(/(?:l|invitation)/)[A-Za-z0-9_%-]+"), r"\1…"),
    (re.compile(r"(?i)(\bcode\b\W{0,4})\d{3}[\s\u00a0]?\d{3}\b"), r"\1••••••"),
    (re.compile(r"(?i)((?:set-)?cookie['\"]?\s*[:=]\s*)[^\r\n]+"), r"\1•"),
    (re.compile(r"((?:__Host-)?(?:logisav|jeton|csrfmiddlewaretoken)=)[^;\s&'\"]+"), r"\1•"),
)


def mask(text: str) -> str:
    """Access links, codes and cookies replaced by marks."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, so that arguments and tracebacks are covered as well."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
