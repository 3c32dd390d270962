"""`fixtures/discounts.json`: quotes with a discount on the total and what they come to; amounts in whole cents.

A line is quantity, unit price, discount in percent, rate, and whether it counts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures/discounts.json").read_text(encoding="utf-8")
)
NAMES = [vector["name"] for vector in VECTORS]
