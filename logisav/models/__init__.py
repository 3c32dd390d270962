"""What the site itself keeps about its staff."""

from logisav.models.invitation import Invitation
from logisav.models.second_factor import RecoveryCode, SecondFactor
from logisav.models.signin import LoginTry
from logisav.models.staff_action import AppendOnly, StaffAction

__all__ = ["AppendOnly", "Invitation", "LoginTry", "RecoveryCode", "SecondFactor", "StaffAction"]
