"""How Django itself writes dates on the desk: as our own words do (quotes/french.py)."""
