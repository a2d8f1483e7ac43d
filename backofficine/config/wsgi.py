"""The application that the server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backofficine.config.settings")
application = get_wsgi_application()

# A page makes thousands of small objects and few cycles. What is loaded now stays for good: it
# needs no second look, and the rest is looked at less often.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
