"""Whatever comes, nothing is raised but what is declared, and nothing that comes after it is lost."""

from itertools import islice

import numpy as np
import pytest

from connectors.codecs.base import Rows
from connectors.hj212.deviations import DEVIATIONS
from connectors.hj212.framing import LONGEST, Framer, Rejected
from connectors.hj212.packet import PacketInvalid, parse
from connectors.hj212.readings import Reader
from connectors.hj212.survey import survey
from park.quality import Quality, quality_class
from tests.unit.connectors.hj212.mutate import SEEDS, mutants
from tests.unit.connectors.hj212.oracles import tags_at, telegram

_TAGS = tags_at("w01018", "w01001", "w21003", "w01018-Avg", "SB1-RS", "i12001-Info", "SB1-RT", "L5-DayData")
_GOOD = telegram("DataTime=20160801085857;w01018-Rtd=2.2")
_LOT = 500


def survive(count: int, seed: int) -> dict[str, int]:
    """Feed mutants through one connection; how often each verdict was given."""
    framer, reader = Framer(), Reader(_TAGS, "hj")
    verdicts: dict[str, int] = {}
    rows = Rows()
    for number, data in enumerate(islice(mutants(seed), count)):
        for piece in framer.feed(data):
            verdict = _verdict(piece.reason if isinstance(piece, Rejected) else piece.segment, reader, rows)
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
        assert framer.held <= 2 * LONGEST
        if number % _LOT == 0:
            _check(rows)
            rows = Rows()
    _check(rows)
    assert any(not isinstance(piece, Rejected) for piece in framer.feed(b"\r\n" + _GOOD))
    return verdicts


def _verdict(found: str | bytes, reader: Reader, rows: Rows) -> str:
    if isinstance(found, str):
        return found
    try:
        packet = parse(found)
    except PacketInvalid as error:
        return error.reason
    reading = reader.read(packet, rows)
    odd, _ = survey(packet)
    assert {*packet.deviations, *reading.deviations, *odd} <= set(DEVIATIONS)
    assert all(refusal.reason and refusal.detail for refusal in reading.refusals)
    assert len(packet.cp) <= len(packet.values)
    return "taken" if not reading.refusals else "taken in part"


def _check(rows: Rows) -> None:
    batch = rows.batch(received_us=0, origin="hj")
    rows.period_batch()
    bad = quality_class(batch.quality) == Quality.BAD
    assert np.isfinite(batch.value[~bad]).all()
    assert not np.isinf(batch.value).any()


def test_the_decoder_survives_20_000_broken_telegrams() -> None:
    verdicts = survive(20_000, seed=1)
    wanted = {
        "taken",
        "taken in part",
        "bad_crc",
        "bad_length",
        "truncated",
        "bad_header",
        "missing_field",
        "bad_field",
    }
    assert {word for word in wanted if verdicts.get(word, 0) < 20} == set()


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_the_decoder_survives_a_million_broken_telegrams() -> None:
    for seed in range(50):
        survive(20_000, seed=1_000 + seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seeds_themselves_are_all_taken(seed: bytes) -> None:
    (piece,) = Framer().feed(seed)
    assert not isinstance(piece, Rejected)
    parse(piece.segment)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("=" * 9_000, id="equals signs"),
        pytest.param(";" * 9_000, id="semicolons"),
        pytest.param("12345-Rtd=1;" * 750, id="codes without letter"),
        pytest.param("=//" * 3_000, id="texts that never end"),
        pytest.param("&&a=1" * 1_800, id="ampersands"),
        pytest.param("w01018-Rtd=" + "9" * 9_000, id="one long number"),
        pytest.param("w01018-Rtd=" + "-" * 9_000 + "1", id="dashes"),
        pytest.param("w01018-Rtd=" + " " * 9_000 + "1", id="blanks"),
        pytest.param("".join(f"a{number}-Rtd=1;" for number in range(700)), id="many names"),
    ],
)
def test_long_content_is_read_or_refused(content: str) -> None:
    rows = Rows()
    (piece,) = Framer().feed(telegram(content))
    assert not isinstance(piece, Rejected)
    assert _verdict(piece.segment, Reader(_TAGS, "hj"), rows) in ("taken", "taken in part")
    assert len(rows) == 0


@pytest.mark.parametrize("head", [b"QN=" + b" " * 9_000, b"CP" + b" " * 9_000, b"MN" * 4_500 + b"=", b"QN=" * 3_000])
def test_long_heads_are_refused(head: bytes) -> None:
    with pytest.raises(PacketInvalid, match="missing_field"):
        parse(head)
