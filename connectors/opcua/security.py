"""Who we are to the server, and whether the server is who it says."""

from asyncua.client.client import Client

from connectors.opcua.config import OpcUaConfig, User


async def identify(client: Client, config: OpcUaConfig) -> None:
    """Give the client its user."""
    identity = config.identity
    if isinstance(identity, User):
        client.set_user(identity.name)
        client.set_password(_password(identity))


def _password(user: User) -> str:
    if user.password is not None:
        return user.password.get_secret_value()
    assert user.password_file is not None
    return user.password_file.read_text(encoding="utf-8").splitlines()[0]


async def new_client(config: OpcUaConfig) -> Client:
    """A client that has everything but a connection."""
    client = Client(config.endpoint, timeout=config.request_timeout / 1e6, watchdog_intervall=1e6)
    client.session_timeout = config.session_timeout // 1000
    await identify(client, config)
    return client
