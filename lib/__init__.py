"""What everybody needs, and the version of this software: in the journal's records, in logs, on the command line."""

VERSION = "1.1.0"
