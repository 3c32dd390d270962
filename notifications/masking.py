"""No token, code, cookie or key in anything that is written down about a failure: log lines, errors kept with a row."""

from __future__ import annotations

import re

MASKS = (
    (re.compile(r"(/(?:l|invitation)/)[A-Za-z0-9_%-]+"), r"\1…"),
    (re.compile(r"(?i)(\bcode\b\W{0,4})\d{3}[\s\u00a0]?\d{3}\b"), r"\1••••••"),
    (re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:\w+\s+)?)[\w.~+/=-]{8,}"), r"\1•"),
    (re.compile(r"\b((?:sk|rk)_(?:live|test)_|whsec_)\w+"), r"\1•"),
    (re.compile(r"(?i)((?:set-)?cookie['\"]?\s*[:=]\s*)[^\r\n]+"), r"\1•"),
    (re.compile(r"((?:__Host-)?(?:logisav|jeton|csrfmiddlewaretoken)=)[^;\s&'\"]+"), r"\1•"),
)


def mask(text: str) -> str:
    """Access links, codes, cookies and keys replaced by marks."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text
