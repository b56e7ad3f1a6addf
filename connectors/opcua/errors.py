"""What goes wrong between us and a server, said once, in words that tell a person what to do."""

import asyncio
import socket

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError


class LinkLost(Exception):
    """The connection is of no more use; a new one is made. Its text says why."""


class Untrusted(Exception):
    """We do not believe the server, or it does not believe us; trying again helps only after a person has acted."""


_HINTS: dict[int, str] = {
    StatusCodes.BadUserAccessDenied: "the server refused the user: a wrong name or password, or no right to connect",
    StatusCodes.BadIdentityTokenRejected: "the server refused user name and password (or the user certificate)",
    StatusCodes.BadIdentityTokenInvalid: "the server does not take this kind of identity at this endpoint",
    StatusCodes.BadSecurityChecksFailed: "the server refused our certificate; trust it in the server's own list",
    StatusCodes.BadCertificateUntrusted: "the server refused our certificate; trust it in the server's own list",
    StatusCodes.BadCertificateUriInvalid: "the application URI does not stand in the certificate",
    StatusCodes.BadCertificateTimeInvalid: "a certificate is expired or not yet valid; compare the clocks",
    StatusCodes.BadSecurityPolicyRejected: "the server does not offer this security policy",
    StatusCodes.BadTooManySessions: "the server has no session left; raise its limit or close other clients",
    StatusCodes.BadTooManySubscriptions: "the server has no subscription left; raise its limit",
    StatusCodes.BadSessionIdInvalid: "the server has forgotten our session; it was probably restarted",
    StatusCodes.BadSubscriptionIdInvalid: "the server has forgotten our subscription",
    StatusCodes.BadNoSubscription: "the server has forgotten our subscription",
}


def describe(error: BaseException) -> str:
    """One sentence; never empty, never with a secret."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, UaStatusCodeError):
        return _status(error)
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens at that address and port; is the server running?"
    if isinstance(error, socket.gaierror):
        return f"the host name cannot be resolved: {error.strerror}"
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)):
        return "no answer in time: the server hangs, or a firewall swallows the packets"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.strerror:
        return f"connection lost: {error.strerror}"
    return str(error) or type(error).__name__


def _status(error: UaStatusCodeError) -> str:
    name = ua.StatusCode(ua.UInt32(error.code)).name
    return f"{name}: {_HINTS.get(error.code) or ua.status_codes.get_name_and_doc(error.code)[1]}"


def describe_status(code: int) -> str:
    """A status code as ``BadNodeIdUnknown: The node id refers to ...``."""
    name, doc = ua.status_codes.get_name_and_doc(code)
    return f"{name}: {doc}"
