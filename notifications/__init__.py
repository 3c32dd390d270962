"""The outbox and the in-app notices. What they are about it knows as a text reference and an address."""
