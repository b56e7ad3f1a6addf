"""Roles: what somebody is at the park. Which route takes which role, `service.api.rights` says."""

from enum import StrEnum


class Role(StrEnum):
    """One account or key has one role. The Chinese term stands beside each once, here."""

    OPERATOR = "operator"  # 值班员: watches, acknowledges, dispatches
    SUPERVISOR = "supervisor"  # 值班长: the same, and verifies, closes, reopens, plans duties
    REVIEWER = "reviewer"  # 检查员: reads and exports everything, changes nothing
    ENGINEER = "engineer"  # 规则工程师: reads everything, changes rules
    ENTERPRISE = "enterprise"  # 企业用户: its own enterprise, and what the park shares
    DEVICE = "device"  # 企业设备: pushes its enterprise's samples, nothing else
    ADMIN = "admin"  # 管理员: everything, and who may do what


#: Those that belong to one enterprise; all others see the whole park.
OF_AN_ENTERPRISE = frozenset({Role.ENTERPRISE, Role.DEVICE})


def fitting(role: Role | None, enterprise: str | None) -> Role:
    """The role, or the widest that goes with it. Raises ValueError where role and enterprise do not go together."""
    if role is None:
        return Role.ADMIN if enterprise is None else Role.ENTERPRISE
    if role in OF_AN_ENTERPRISE and enterprise is None:
        raise ValueError(f"the role {role.value!r} belongs to an enterprise; name it")
    if role not in OF_AN_ENTERPRISE and enterprise is not None:
        raise ValueError(f"the role {role.value!r} sees the whole park; it cannot belong to {enterprise!r}")
    return role
