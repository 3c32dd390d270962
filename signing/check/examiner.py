"""The reader of strangers' files, a process of its own: `python -m signing.check.examiner`, a PDF in, JSON out.

What is imported here is warm (see lib/warm.py): each file meets it in a fork of its own. The first line of a job is
JSON, the rest is the file. With `trusted` (our certificates in DER, as base64) the seal is checked, else the file is
searched for what it does by itself. What a file may make a parser do ends at lib/fence.py. This process is given no
secret.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any, BinaryIO

from lib import fence, warm
from signing import seal

CPU_SECONDS = 10
PROOF = "preuve.json"


def examine(pdf: bytes, *, trusted: list[bytes]) -> dict[str, Any]:
    """What the seal tells, and the reference that the file claims."""
    report = asdict(seal.check(pdf, trusted=trusted))
    kept = ("seal", "known_signer", "level", "errors")
    return {name: report[name] for name in kept} | {"reference": claimed_reference(pdf)}


def search(pdf: bytes) -> dict[str, Any]:
    """What the file does by itself, and how long it is; a file that cannot be read to its end is an error."""
    active = seal.active_content(pdf)
    return {"active": active, "pages": 0 if active else seal.page_count(pdf)}


def claimed_reference(pdf: bytes) -> str:
    """As the acceptance in the attached proof has it; anyone can write such a file."""
    proof = seal.attached(pdf, PROOF)
    try:
        rows = json.loads(proof or b"")["journal"]
        record = next(record for row in rows if (record := json.loads(row["record"]))["event"] == "accepted")
        return str(record["facts"]["reference"])[:16]
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        return ""


def work(job: BinaryIO, answer: BinaryIO) -> int:
    fence.bound_resources(cpu_seconds=CPU_SECONDS)
    asked = json.loads(job.readline())
    trusted = [base64.b64decode(certificate) for certificate in asked.get("trusted", ())]
    pdf = job.read()
    fence.shut_doors()
    found = examine(pdf, trusted=trusted) if "trusted" in asked else search(pdf)
    answer.write(json.dumps(found).encode())
    return 0


if __name__ == "__main__":
    warm.serve(work)
