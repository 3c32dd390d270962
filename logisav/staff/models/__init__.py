"""What the site itself keeps about its staff."""

from logisav.staff.models.invitation import Invitation
from logisav.staff.models.second_factor import RecoveryCode, SecondFactor
from logisav.staff.models.session import Session
from logisav.staff.models.staff_action import StaffAction, StaffJournalIsAppendOnly

__all__ = ["Invitation", "RecoveryCode", "SecondFactor", "Session", "StaffAction", "StaffJournalIsAppendOnly"]
