"""The guide to connecting a DCS quotes errors as they are."""

import re
from pathlib import Path

import pytest
from asyncua.ua.status_codes import StatusCodes

import connectors.opcua

_SOURCE = "\n".join(path.read_text("utf-8") for path in Path(connectors.opcua.__path__[0]).glob("*.py"))
_FILLED_IN = re.compile(r"…|;|\d+s?|Suspended|BadNoMatch|Basic256Sha256/SignAndEncrypt")
_GUIDE = Path(connectors.opcua.__path__[0]).parents[1] / "deploy" / "docs" / "connect-a-dcs.md"


def _quoted() -> list[str]:
    table = _GUIDE.read_text("utf-8").partition("## 8. Errors")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]


def test_the_guide_quotes_many_errors() -> None:
    assert len(_quoted()) > 20


@pytest.mark.parametrize("quote", _quoted())
def test_each_quoted_error_is_in_the_code(quote: str) -> None:
    """Piece by piece: numbers, names and ellipses stand for what an error fills in."""
    if re.match(r"Bad\w+", quote):
        name, _, quote = quote.partition(":")
        assert hasattr(StatusCodes, name) or not name.startswith("Bad")
    pieces = [piece.strip(" ;:()'") for piece in _FILLED_IN.split(quote)]
    for piece in pieces:
        if len(piece) > 3 and not piece.startswith("ns="):
            assert piece in _SOURCE, piece
