"""Documents with a service that speaks S3. Loaded by name alone (STORAGES), where its packages are installed."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

CONNECT_SECONDS, READ_SECONDS = 3, 20


class PrivateBucket(S3Storage):  # type: ignore[misc]
    """No public address, no name written twice, and no page that waits for minutes."""

    def get_default_settings(self) -> dict[str, Any]:
        patient = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"max_attempts": 2, "mode": "standard"},
            signature_version="s3v4",
        )
        private = {"file_overwrite": False, "default_acl": None, "querystring_auth": True}
        return {**super().get_default_settings(), **private, "client_config": patient}
