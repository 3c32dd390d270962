"""Documents with a service that speaks S3, tried against a local one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from logisav import environment
from notifications import queue
from quotes import workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, make_quote, visitor
from signing import sealing
from signing.models import SealedDocument
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
BUCKET = "logisav-media"


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The storage that these variables make, with an empty bucket behind it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    variables = {
        "MEDIA_STORAGE": "s3",
        "MEDIA_S3_BUCKET": BUCKET,
        "MEDIA_S3_KEY": "testing",
        "MEDIA_S3_SECRET": "testing",
        "MEDIA_S3_ENDPOINT": address,
        "MEDIA_S3_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        region_name="us-east-1",
    ).create_bucket(Bucket=BUCKET)
    settings.STORAGES = {**settings.STORAGES, "default": environment.media_storage()}
    yield address
    server.stop()


def test_a_version_is_rendered_read_signed_and_sealed_there(bucket: str) -> None:
    version = workflow.send(make_quote().pk, actor=SYSTEM)
    assert queue.run(rendering.RENDERING, version.pk) is queue.JobOutcome.DONE
    version.refresh_from_db()
    name = str(version.pdf.name)
    with default_storage.open(name) as file:
        read = file.read()
    assert hashlib.sha256(read).hexdigest() == version.pdf_sha256
    address = version.quote.get_absolute_url()
    assert b"".join(visitor(version.quote).get(f"{address}devis.pdf")) == read

    signature = make_signature(Quote.objects.get(pk=version.quote_id))
    assert sealing.seal_signature(signature.pk)
    document = SealedDocument.objects.get(signature=signature)
    sealed = b"".join(visitor(version.quote).get(f"{address}devis-signe.pdf"))
    assert sealed.startswith(read)
    assert hashlib.sha256(sealed).hexdigest() == document.sha256
    assert not list(Path(settings.MEDIA_ROOT).rglob(Path(name).name))


def test_a_name_is_never_written_twice(bucket: str) -> None:
    first = default_storage.save("versions/a.pdf", ContentFile(b"one"))
    second = default_storage.save("versions/a.pdf", ContentFile(b"two"))
    assert first != second
    with default_storage.open(first) as file:
        assert file.read() == b"one"


@pytest.mark.parametrize("missing", ["MEDIA_S3_BUCKET", "MEDIA_S3_KEY", "MEDIA_S3_SECRET"])
def test_what_is_missing_is_named(bucket: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(ImproperlyConfigured, match=missing):
        environment.media_storage()
