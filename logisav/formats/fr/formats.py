"""What differs from Django's French: `24 novembre 2026, 14 h 32`."""

DATE_FORMAT = "j\xa0F\xa0Y"
DATETIME_FORMAT = "j\xa0F\xa0Y, G\xa0\\h\xa0i"
