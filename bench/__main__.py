"""Runs in an environment of its own (SQLite, files in a temporary folder) and leaves nothing but the results."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django

from bench.measuring import Result, compare, hashing
from logisav.tests import stack
from logisav.tests.environment import sqlite_variables

RESULTS = Path(__file__).with_name("results.json")
SEAL_LIMIT = 0.35


def results() -> Iterator[Result]:
    """Imports wait for the settings."""
    from bench import subjects  # noqa: PLC0415 (models can be imported once Django is set up)

    signed = subjects.SignedQuote.made()
    hash_reference = "SHA-256 de 8 Mio"
    yield compare(
        "sceller (PAdES B-B)",
        signed.seal,
        reference=hash_reference,
        against=hashing,
        limit_seconds=SEAL_LIMIT,
    )
    yield compare("vérifier un PDF scellé", signed.check, reference=hash_reference, against=hashing)
    yield compare(
        "tout : certificat composé, joint, scellé",
        signed.make_document,
        reference=hash_reference,
        against=hashing,
        rounds=5,
    )
    yield compare(
        "PDF d'un devis de 10 lignes", signed.render, reference=hash_reference, against=hashing, rounds=5
    )
    yield compare(
        "page d'un devis de 10 lignes",
        signed.page,
        reference="vue Django nue (/healthz)",
        against=signed.bare_page,
        rounds=40,
    )


def table(found: list[Result]) -> str:
    lines = [f"{'mesure':<50} {'CPU':>9}  {'rapport':>8}  référence"]
    for result in found:
        limits = [f"≤ {result.limit_seconds} s"] if result.limit_seconds else []
        limits += [f"≤ {result.limit_ratio}×"] if result.limit_ratio else []
        limit = f" ({', '.join(limits)} : {'oui' if result.holds else 'NON'})" if limits else ""
        seconds = f"{result.seconds * 1000:.1f} ms"
        lines.append(f"{result.name:<50} {seconds:>9}  {result.ratio:>7.1f}×  {result.reference}{limit}")
    return "\n".join(lines)


def grown(name: str) -> list[Result]:
    """The desk on this database, measured by a process that has it to itself."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.growth", name], stdout=subprocess.PIPE, text=True, check=True
    )
    return [Result.from_document(document) for document in json.loads(done.stdout)]


def editor() -> list[Result]:
    """Likewise the editor in a browser."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.editor"], stdout=subprocess.PIPE, text=True, check=True
    )
    return [Result.from_document(document) for document in json.loads(done.stdout)]


def main() -> int:
    databases = ["sqlite"] if stack.missing() else ["sqlite", "postgres"]
    growth = [*editor(), *(result for name in databases for result in grown(name))]
    with tempfile.TemporaryDirectory(prefix="logisav-bench-") as folder:
        os.environ.update(sqlite_variables(Path(folder)))
        django.setup()
        found = [*results(), *growth]
    print(table(found))
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    document = {"machine": machine, "results": [result.document for result in found]}
    RESULTS.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(result.holds for result in found) else 1


if __name__ == "__main__":
    sys.exit(main())
