"""Who may do what: everybody on the staff may look."""

from __future__ import annotations

from storage.staff import StaffMember

ANSWERING = ("agent", "admin")
"""May write to customers and decide what they ask for."""
CAMPAIGNING = ("campaigner", "admin")
"""May pause campaigns, end them and let them go on."""
SWITCHING = ("admin",)
"""May switch skills."""


class NotAllowed(Exception):
    """This member of staff may look but not act."""

    def __init__(self, member: StaffMember) -> None:
        super().__init__(f"the role of {member.login}, {member.role}, does not allow this")


def require(member: StaffMember, roles: tuple[str, ...]) -> None:
    """Let only members with one of these roles pass.

    Raises:
        NotAllowed: their role is another.
    """
    if member.role not in roles:
        raise NotAllowed(member)
