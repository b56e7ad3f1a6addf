"""What a broker means when it says no, and what a person can do about it."""

import ssl

from connectors.mqtt.broker import BrokerConfig

#: Reason names as paho gives them, for both protocol versions.
_CURES = {
    "Bad user name or password": "check username and password (or password_file)",
    "Not authorized": "the broker knows us but does not allow this; check its access list and our username",
    "Client identifier not valid": "set another client_id",
    "Unsupported protocol version": 'set version: "3.1.1" or "5", as the broker speaks',
    "Server unavailable": "the broker is starting or overloaded; we go on trying",
    "Server busy": "the broker is overloaded; we go on trying",
    "Session taken over": "another client uses our client_id; give each its own",
    "Keep alive timeout": "the broker did not hear us in time; the network or this machine is too slow",
    "Packet too large": "raise the broker's packet limit",
    "Receive maximum exceeded": "lower receive_maximum",
    "Banned": "the broker bans us; ask its administrator",
    "Topic filter invalid": "correct the filter in topics",
    "Shared subscriptions not supported": "remove shared_group",
    "Wildcard subscriptions not supported": "write topics without + and #",
    "Quota exceeded": "raise the broker's quota for us",
}


def with_cure(reason: str) -> str:
    """``Not authorized: the broker ...``"""
    cure = _CURES.get(reason)
    return f"{reason}: {cure}" if cure else reason


def of_connecting(error: Exception, config: BrokerConfig) -> str:
    """Why there is no connection, and what may help."""
    where = f"{config.host}:{config.effective_port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{where}: the broker's certificate is not believed ({error.verify_message}); check tls.ca and host"
    if isinstance(error, ssl.SSLError) or (config.tls and isinstance(error, ConnectionResetError)):
        return f"{where}: TLS failed ({error}); is this the broker's TLS port, and does it want a cert?"
    if isinstance(error, TimeoutError):
        return f"{where}: no answer; check host, port and firewall"
    if isinstance(error, ConnectionRefusedError):
        return f"{where}: connection refused; is the broker running?"
    return f"{where}: {error}"
