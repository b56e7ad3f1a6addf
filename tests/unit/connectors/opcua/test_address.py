"""Addresses as people write them."""

import pytest
from asyncua import ua

from connectors.opcua.address import BadAddress, Namespaces, browse_path, is_path, node_id

_NAMESPACES = Namespaces(
    ("http://opcfoundation.org/UA/", "urn:server", "http://example.org/plant", "http://example.org/a;b"),
    {"plant": "http://example.org/plant", "gone": "http://example.org/gone"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i=2258", "i=2258"),
        ("ns=2;i=70000", "ns=2;i=70000"),
        ("ns=2;s=TI-101", "ns=2;s=TI-101"),
        ("ns=2;s=a;b=c:d/e", "ns=2;s=a;b=c:d/e"),
        ("ns=plant;s=TI-101", "ns=2;s=TI-101"),
        ("nsu=http://example.org/plant;s=TI-101", "ns=2;s=TI-101"),
        ("nsu=http://example.org/a%3Bb;s=TI-101", "ns=3;s=TI-101"),
        ("ns=2;g=0a0b0c0d-0000-0000-0000-000000000001", "ns=2;g=0a0b0c0d-0000-0000-0000-000000000001"),
        ("ns=2;b=AAEC", "ns=2;b=AAEC"),
    ],
)
def test_a_node_id_is_read(text: str, expected: str) -> None:
    assert not is_path(text)
    assert node_id(text, _NAMESPACES) == ua.NodeId.from_string(expected)


def _names(text: str) -> list[tuple[int, str]]:
    found = browse_path(text, _NAMESPACES)
    return [(element.TargetName.NamespaceIndex, element.TargetName.Name) for element in found.RelativePath.Elements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Objects", [(0, "Objects")]),
        ("/Objects/2:Plant/2:TI-101", [(0, "Objects"), (2, "Plant"), (2, "TI-101")]),
        ("/0:Objects/plant:Plant", [(0, "Objects"), (2, "Plant")]),
        ("/Objects/2:FIC&/7&:PV", [(0, "Objects"), (2, "FIC/7:PV")]),
        ("/Objects/2:A:B", [(0, "Objects"), (2, "A:B")]),
        ("/Objects/2:A && B", [(0, "Objects"), (2, "A & B")]),
    ],
)
def test_a_browse_path_is_read(text: str, expected: list[tuple[int, str]]) -> None:
    assert is_path(text)
    assert _names(text) == expected


@pytest.mark.parametrize(
    "text", ["", "TI-101", "ns=2", "ns=2;TI", "s=", "i=abc", "g=1", "b=?", "ns=nobody;s=x", "ns=gone;s=x", "nsu=u;s=x"]
)
def test_what_is_no_node_id_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        node_id(text, _NAMESPACES)


@pytest.mark.parametrize("text", ["/", "//Objects", "/Objects/", "/Objects/2:A&", "/Objects/nobody:A"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        browse_path(text, _NAMESPACES)
