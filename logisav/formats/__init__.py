"""How Django itself writes dates on the desk: as our own words do (lib/french.py)."""
