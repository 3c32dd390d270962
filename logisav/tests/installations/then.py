"""`python -m logisav.tests.installations.then MOMENT COMMAND …`: management commands as they ran at that moment.

Each is one argument, as it is typed behind `manage.py`.

A kept installation grows old: links and codes run out. So it is looked at with the clock of the day when it was kept.
"""

import datetime as dt
import shlex
import sys

from django.core.management import execute_from_command_line

from demo import clock

if __name__ == "__main__":
    with clock.at(dt.datetime.fromisoformat(sys.argv[1])):
        for command in sys.argv[2:]:
            execute_from_command_line(["manage.py", *shlex.split(command)])
