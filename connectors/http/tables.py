"""Tables with one row a sample (tag, time, value, ...) or one row a time (time, and a column for each tag) to columns.

What CSV and Arrow have in common. No loop over rows: names are looked up as a dictionary, numbers and times cast whole.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.codecs.conversion import conversion
from connectors.http import instants
from connectors.http.body import BodyInvalid, BodyTooLarge
from connectors.http.faults import CODE, FAULTS
from connectors.http.judge import Cells, shown
from connectors.http.senders import Allowed
from park.quality import Quality

#: What a column may be called, in any case.
_CALLED = {
    "tag": "tag",
    "time": "time", "timestamp": "time", "t": "time",
    "value": "value", "v": "value",
    "quality": "quality", "q": "quality",
    "unit": "unit", "u": "unit",
}  # fmt: skip
_WIDEST = 10_000
#: Different units in one request; each that is unknown costs a search.
_MOST_UNITS = 200
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NOTHING = r"^(?i:nan|null)?$"
_QUALITIES = {one.name.lower(): int(one) for one in Quality}

#: Writes a table, for a dead letter.
Writer = Callable[[pa.Table], bytes]


@dataclass(frozen=True, kw_only=True)
class _Long:
    """One row a sample, and beside it what is known of the times already."""

    table: pa.Table
    times: instants.Instants
    row: NDArray[np.int64]
    #: Wide: the value's own column is what to name.
    wide: bool


def cells_of(table: pa.Table, allowed: Allowed, write: Writer, *, most_rows: int, row: NDArray[np.int64]) -> Cells:
    """``row`` numbers the table's rows. Raises BodyInvalid, BodyTooLarge."""
    named = _named(table)
    if "time" not in named.column_names:
        raise BodyInvalid(
            f"no column time among {_listed(table.column_names)}; send tag,time,value or time,TAG,TAG,..."
        )
    try:
        times = instants.of_column(_flat(named["time"]))
    except TypeError as error:
        raise BodyInvalid(str(error)) from None
    if "tag" in named.column_names:
        return _judged(_long(named, times, row, most_rows), allowed, write)
    return _judged(_molten(named, times, row, most_rows), allowed, write)


def _named(table: pa.Table) -> pa.Table:
    """With the columns' one name for each; the names of tags stay."""
    if table.num_columns > _WIDEST:
        raise BodyTooLarge(f"{table.num_columns} columns, and {_WIDEST} is the most; send them in several requests")
    names = [_CALLED.get(name.strip().lower(), name.strip()) for name in table.column_names]
    twice = [name for name, count in Counter(names).items() if count > 1][:5]
    if twice:
        raise BodyInvalid(f"several columns are called {', '.join(map(shown, twice))}; each may be there once")
    return table.rename_columns(names)


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:10]) + (", ..." if len(names) > 10 else "")


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """One array, of plain values: a dictionary of texts becomes texts, large and view texts become texts."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        kind = pa.string()
    try:
        return (column.cast(kind) if kind != column.type else column).combine_chunks()
    except pa.ArrowException as error:
        raise BodyInvalid(f"a column of {column.type} cannot be read: {error}") from None


def _long(table: pa.Table, times: instants.Instants, row: NDArray[np.int64], most_rows: int) -> _Long:
    if "value" not in table.column_names:
        raise BodyInvalid(f"a column tag and no column value among {_listed(table.column_names)}; send tag,time,value")
    strange = [name for name in table.column_names if name not in _CALLED.values()]
    if strange:
        # Not passed over: a misspelt `quality` would make bad values good.
        raise BodyInvalid(f"column {shown(strange[0])} is not known; use tag, time, value, quality, unit")
    _refuse_many(len(table), most_rows)
    return _Long(table=table, times=times, row=row, wide=False)


def _molten(table: pa.Table, times: instants.Instants, row: NDArray[np.int64], most_rows: int) -> _Long:
    """A wide table made long; cells without a value are no samples."""
    names = [name for name in table.column_names if name != "time"]
    if not names:
        raise BodyInvalid("a column time and nothing else; send tag,time,value or time,TAG,TAG,...")
    if {"value", "quality", "unit"} & set(names):
        raise BodyInvalid("columns time and value and no column tag; send tag,time,value, or name the columns by tag")
    _refuse_many(len(table) * len(names), most_rows)
    columns = [_flat(table[name]) for name in names]
    if any(pa.types.is_string(column.type) for column in columns):
        columns = [column if pa.types.is_string(column.type) else column.cast(pa.string()) for column in columns]
    else:
        columns = [_numbers_column(column) for column in columns]
    values = pa.chunked_array(columns).combine_chunks() if columns else pa.array([], pa.float64())
    codes = np.repeat(np.arange(len(names), dtype=np.int32), len(table))
    place = np.tile(np.arange(len(table)), len(names))
    filled = _filled(values)
    place, codes = place[filled], codes[filled]
    long = pa.table(
        {
            "tag": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string())),
            "time": _flat(table["time"]).take(pa.array(place)),
            "value": values.filter(pa.array(filled)),
        }
    )
    tiled = instants.Instants(times.time_us[place], times.fault[place])
    return _Long(table=long, times=tiled, row=row[place], wide=True)


def _filled(values: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.is_valid(values).to_numpy(zero_copy_only=False)
    if pa.types.is_string(values.type):
        blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0)
        mask = mask & ~pc.fill_null(blank, True).to_numpy(zero_copy_only=False)
    return mask


def _refuse_many(samples: int, most_rows: int) -> None:
    if samples > most_rows:
        raise BodyTooLarge(f"{samples} samples, and {most_rows} is the most of one request; send them in several")


def _judged(long: _Long, allowed: Allowed, write: Writer) -> Cells:
    table = long.table
    tag, tag_fault = _tags(table["tag"], allowed)
    value, value_fault = _values(_flat(table["value"]), allowed.discrete[tag])
    quality, quality_fault = _qualities(table)
    fault = np.zeros(len(table), np.uint8)
    for other in (tag_fault, long.times.fault, quality_fault, value_fault):
        fault = np.where(fault == 0, other, fault)
    if "unit" in table.column_names:
        value, fault = _converted(_flat(table["unit"]), tag, value, fault, allowed)

    def explain(place: int, code: int) -> tuple[str, str, str]:
        field = FAULTS[code].field
        sent = _sent(table[field][place]) if field in table.column_names else ""
        if field == "tag" and isinstance(sent, str):
            return field, shown(sent), allowed.names.why_not(sent)[1]
        name = str(_sent(table["tag"][place])) if field == "value" and long.wide else field
        return shown(name), shown("" if sent is None else sent), FAULTS[code].cure

    return Cells(
        tag=tag,
        time_us=long.times.time_us,
        value=value,
        quality=quality,
        fault=fault,
        row=long.row,
        explain=explain,
        raw=lambda places: write(_plain(table.take(pa.array(places)))),
    )


def _sent(scalar: pa.Scalar) -> object:
    try:
        return scalar.as_py()
    except (ValueError, KeyError, OverflowError, TypeError, pa.ArrowException):  # nanoseconds, zones nobody knows
        return f"{scalar.type} {scalar.value}"


def _plain(table: pa.Table) -> pa.Table:
    """Without dictionaries, which would be kept whole."""
    return pa.table({name: _flat(table[name]) for name in table.column_names})


def _tags(column: pa.ChunkedArray, allowed: Allowed) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise BodyInvalid(f"tag is a column of {column.type}; send texts")
    encoded = column if pa.types.is_dictionary(column.type) else _flat(column).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    if kind != pa.string():
        encoded = pa.DictionaryArray.from_arrays(encoded.indices, encoded.dictionary.cast(pa.string()))
    return allowed.find(encoded)


def _numbers_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.int8()).cast(pa.float64())
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64(), safe=False)
    raise BodyInvalid(f"values are a column of {kind}; send numbers")


def _values(column: pa.Array, discrete: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """NaN where there is none; text that is no number is a fault, whatever the quality."""
    fault = np.zeros(len(column), np.uint8)
    if pa.types.is_boolean(column.type):
        fault[~discrete] = CODE["not_a_number"]
    if pa.types.is_string(column.type):
        return _of_texts(column, discrete)
    numbers = pc.fill_null(_numbers_column(column), float("nan")).to_numpy(zero_copy_only=False)
    return numbers.astype(np.float64), fault


def _of_texts(column: pa.Array, discrete: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    if not column.null_count:
        try:
            numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return numbers, np.zeros(len(column), np.uint8)
        except pa.ArrowInvalid:
            pass
    text = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    is_number = pc.match_substring_regex(text, _NUMBER)
    numbers = pc.if_else(is_number, text, "nan").cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    lower = pc.utf8_lower(text)
    for word, number in (("true", 1.0), ("false", 0.0)):
        numbers[pc.equal(lower, word).to_numpy(zero_copy_only=False) & discrete] = number
    nothing = pc.match_substring_regex(text, _NOTHING).to_numpy(zero_copy_only=False)
    wrong = np.isnan(numbers) & ~nothing
    return numbers, np.where(wrong, CODE["not_a_number"], 0).astype(np.uint8)


def _qualities(table: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if "quality" not in table.column_names:
        return np.zeros(len(table), np.uint8), np.zeros(len(table), np.uint8)
    column = _flat(table["quality"])
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if not pa.types.is_string(column.type):
        raise BodyInvalid(f"quality is a column of {column.type}; send the texts good, uncertain or bad")
    words = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(column, "")))
    known = pa.array(["", *_QUALITIES])
    place = pc.fill_null(pc.index_in(words, value_set=known), -1).to_numpy(zero_copy_only=False)
    codes = np.array([int(Quality.GOOD), *_QUALITIES.values()], np.uint8)
    fault = np.where(place < 0, CODE["bad_quality"], 0).astype(np.uint8)
    return codes[np.maximum(place, 0)], fault


def _converted(
    column: pa.Array, tag: NDArray[np.int32], value: NDArray[np.float64], fault: NDArray[np.uint8], allowed: Allowed
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Values in the tags' own units: one conversion for each pair of tag and unit that occurs."""
    if pa.types.is_null(column.type):
        return value, fault
    if not pa.types.is_string(column.type):
        raise BodyInvalid(f"unit is a column of {column.type}; send texts")
    units = pc.utf8_trim_whitespace(pc.fill_null(column, "")).dictionary_encode()
    known = units.dictionary.to_pylist()
    if len(known) > _MOST_UNITS:
        raise BodyInvalid(f"{len(known)} different units; {_MOST_UNITS} is the most")
    pairs = tag.astype(np.int64) * len(known) + units.indices.to_numpy(zero_copy_only=False)
    asked, which = np.unique(np.where(fault == 0, pairs, -1), return_inverse=True)
    factor, offset = np.ones(len(asked)), np.zeros(len(asked))
    wrong = np.zeros(len(asked), np.bool_)
    for place, pair in enumerate(asked.tolist()):
        info = allowed.tags.by_ix(pair // len(known)) if pair >= 0 else None
        unit = known[pair % len(known)] if pair >= 0 else ""
        if info is None or unit in ("", info.tag.unit):
            continue
        found = conversion(unit, info.tag.unit)
        if isinstance(found, str):
            wrong[place] = True
        else:
            factor[place], offset[place] = found
    fault = np.where(wrong[which] & (fault == 0), CODE["unit_mismatch"], fault).astype(np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        return value * factor[which] + offset[which], fault
