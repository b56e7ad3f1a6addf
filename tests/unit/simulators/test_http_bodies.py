"""What pushers post is read by the service's own decoder, to the last bit, in every form."""

from itertools import product

import numpy as np
import pytest

from connectors.http.decode import Content, Limits, decode
from connectors.http.senders import allowed
from park.model import Park
from park.quality import Quality, quality_byte
from simulators.faults import BadQuality, DropOut, Storm
from simulators.http_bodies import Form, body, rows_of
from simulators.world import World
from tests.unit.simulators.conftest import START_US, MakeWorld

_CONNECTOR = "http"


@pytest.mark.parametrize(("form", "packed"), list(product(Form, (False, True))))
def test_our_own_decoder_reads_every_form(make_world: MakeWorld, form: Form, packed: bool) -> None:
    world = make_world()
    table, infos = world.table, world.table.of_connector(_CONNECTOR)
    frames = [world.frame(START_US + k * 1_234_567) for k in range(3)]
    rows = [row for frame in frames for row in rows_of(frame, infos, 0)]
    one = body(rows, form, packed=packed)
    content = Content.of_headers(one.headers["Content-Type"], one.headers.get("Content-Encoding", ""))
    found = decode(one.content, content, allowed(table, [_CONNECTOR], None), START_US + 10_000_000, Limits())
    assert (found.rejected, found.duplicates) == (0, 0)
    assert found.tag.tolist() == [info.ix for _ in frames for info in infos]
    assert found.time_us.tolist() == [frame.now_us for frame in frames for _ in infos]
    assert found.value.tolist() == [frame.value[info.ix] for frame in frames for info in infos]
    assert one.rows == len(found.tag) == 12


def _told(park: Park, *faults: object) -> list[tuple[str, int, str]]:
    world = World(park, seed=1, start_us=START_US, faults=faults)  # type: ignore[arg-type]
    rows = rows_of(world.frame(START_US), world.table.of_connector(_CONNECTOR), 0)
    return [(row.tag, row.time_us - START_US, row.quality) for row in rows]


def test_quality_goes_by_its_class(small_park: Park) -> None:
    doubtful = BadQuality.model_validate(
        {"kind": "bad_quality", "target": "park.AQ2.so2", "quality": "uncertain", "at": "0s", "for": "1s"}
    )
    assert [quality for _, _, quality in _told(small_park, doubtful)] == ["uncertain", "good", "good", "good"]
    assert quality_byte(Quality.UNCERTAIN) == 1


def test_what_is_absent_is_not_posted(small_park: Park) -> None:
    gone = DropOut.model_validate({"kind": "drop_out", "target": "park.AQ2.so2", "at": "0s", "for": "1s"})
    assert "park.AQ2.so2" not in [tag for tag, _, _ in _told(small_park, gone)]


def test_a_storm_has_times_of_its_own(small_park: Park) -> None:
    storm = Storm.model_validate({"kind": "storm", "target": "park.AQ2.so2", "size": 5, "at": "0s", "for": "1s"})
    times = [at for tag, at, _ in _told(small_park, storm) if tag == "park.AQ2.so2"]
    assert times == [-4000, -3000, -2000, -1000, 0]
    assert np.diff(times).min() > 0
