"""What gunicorn serves: `gunicorn -c deploy/gunicorn.conf.py logisav.wsgi`."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from logisav.soundness import readable_head

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logisav.settings")
django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return django(readable_head(environ), start_response)
