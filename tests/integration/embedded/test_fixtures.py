"""What every other test stands on."""

import psycopg
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from deploy.embedded import EmbeddedBroker


@pytest.mark.parametrize("round_no", [1, 2])
def test_each_test_gets_an_empty_database(database: str, round_no: int) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE only_mine (at timestamptz NOT NULL, value float8)")
        connection.execute("SELECT create_hypertable('only_mine', 'at')")


def test_broker_takes_connections(broker: EmbeddedBroker) -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    assert client.connect(broker.host, broker.port) == MQTTErrorCode.MQTT_ERR_SUCCESS
    client.disconnect()
