"""The outbox and the in-app notices. It knows nothing of what they are about: a text reference and an address."""
