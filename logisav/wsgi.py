"""What gunicorn serves: `gunicorn -c deploy/gunicorn.conf.py logisav.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logisav.settings")
application = get_wsgi_application()
