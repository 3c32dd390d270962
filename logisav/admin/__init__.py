"""The staff's side of the desk: accounts, invitations, the staff's journal."""

from logisav.admin import accounts, invitations, journal

__all__ = ["accounts", "invitations", "journal"]
