"""Means that loggers report travel as columns, and come back as they went."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.periods import SCHEMA, PeriodBatch, concat_periods

_NUMBERS = st.floats(allow_nan=True, allow_infinity=False)


@st.composite
def _batches(draw: st.DrawFn) -> PeriodBatch:
    n = draw(st.integers(0, 5))
    columns: dict[str, Any] = {
        "tag": draw(st.lists(st.integers(0, 1000), min_size=n, max_size=n)),
        "length_s": draw(st.lists(st.sampled_from([60, 600, 3600, 86400]), min_size=n, max_size=n)),
        "start_us": draw(st.lists(st.integers(0, 2**52), min_size=n, max_size=n)),
        "flag": draw(st.lists(st.sampled_from([0, *b"NFMSDCTB"]), min_size=n, max_size=n)),
        "asked": draw(st.lists(st.booleans(), min_size=n, max_size=n)),
    }
    for name in ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max"):
        columns[name] = draw(st.lists(_NUMBERS, min_size=n, max_size=n))
    return PeriodBatch(**columns)


def _same(one: PeriodBatch, other: PeriodBatch) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=field.type == "double")
        for field in SCHEMA
    )


@given(_batches())
def test_a_batch_comes_back_as_it_went(batch: PeriodBatch) -> None:
    assert _same(PeriodBatch.from_bytes(batch.to_bytes()), batch)


@given(st.lists(_batches(), max_size=4))
def test_batches_joined_hold_all_rows_in_order(batches: list[PeriodBatch]) -> None:
    whole = concat_periods(batches)
    assert whole.start_us.tolist() == [one for batch in batches for one in batch.start_us.tolist()]
    assert whole.flag.dtype == np.uint8


def test_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        PeriodBatch(**{field.name: [0] if field.name == "tag" else [0, 0] for field in SCHEMA})  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"no Arrow at all", b"\xff" * 64])
def test_what_is_no_batch_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a batch of periods"):
        PeriodBatch.from_bytes(data)
