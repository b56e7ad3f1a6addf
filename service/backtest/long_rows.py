"""The rows of a long file: one sample each, with time, tag, value and perhaps quality."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from park.quality import Detail, Quality, quality_byte
from service.backtest.tables import DataInvalid, TableFile
from service.backtest.ticks import LongBlock

_QUALITY = "quality"


class LongRows:
    """Turns pieces of the file into blocks; names that ``found`` does not know are left out."""

    def __init__(self, found: Mapping[str, int]) -> None:
        self._found = found

    @staticmethod
    def names(file: TableFile) -> list[str]:
        """The tags' names as they stand in the file, in order of appearance."""
        seen: dict[str, None] = {}
        for piece in file.pieces(["tag"], {"tag": pa.string()}):
            seen |= dict.fromkeys(piece.column("tag").cast(pa.string()).unique().drop_null().to_pylist())
        return list(seen)

    @staticmethod
    def columns(file: TableFile) -> list[str]:
        """Those that are read, besides the time."""
        return ["tag", "value", *([_QUALITY] if _QUALITY in file.schema.names else [])]

    @staticmethod
    def types() -> dict[str, pa.DataType]:
        """Of a CSV's columns."""
        return {"tag": pa.string(), "value": pa.float64(), _QUALITY: pa.string()}

    def block(self, times: NDArray[np.int64], rows: pa.Table) -> LongBlock:
        """Rows in order of time as one block. A value that is no number is a bad sample."""
        tag = self._tags(rows.column("tag"))
        value: NDArray[np.float64] = rows.column("value").cast(pa.float64()).to_numpy()
        quality = np.full(len(times), Quality.GOOD, dtype=np.uint8)
        if _QUALITY in rows.column_names:
            quality = _qualities(rows.column(_QUALITY))
        quality = np.where(np.isnan(value), np.uint8(Quality.BAD), quality)
        known = tag >= 0
        if known.all():
            return LongBlock(tag, times, value, quality)
        return LongBlock(tag[known], times[known], value[known], quality[known])

    def _tags(self, column: pa.ChunkedArray) -> NDArray[np.int32]:
        return _looked_up(column, lambda name: self._found.get(name, -1), -1).astype(np.int32)


def _looked_up(column: pa.ChunkedArray, meaning: Callable[[str], int], absent: int) -> NDArray[np.int64]:
    """The meaning of each text, looked up once a different text."""
    texts = column.cast(pa.string()).combine_chunks()
    coded = texts.dictionary_encode() if not isinstance(texts, pa.ChunkedArray) else pc.dictionary_encode(texts)
    meanings = np.array([*(meaning(text) for text in coded.dictionary.to_pylist()), absent], dtype=np.int64)
    places: NDArray[np.int64] = coded.indices.fill_null(len(meanings) - 1).to_numpy(zero_copy_only=False)
    return meanings[places]


def _qualities(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    if pa.types.is_integer(column.type):
        numbers = column.fill_null(int(Quality.GOOD)).cast(pa.int64()).to_numpy()
        if len(numbers) and (numbers.min() < 0 or numbers.max() > 255):
            raise DataInvalid("column 'quality': a quality byte is 0 to 255; or write good, uncertain, bad")
        return np.asarray(numbers, dtype=np.uint8)
    return _looked_up(column, quality_of, int(Quality.GOOD)).astype(np.uint8)


def quality_of(text: str) -> int:
    """``good``, ``uncertain``, ``bad`` as `park.quality.describe` writes them, or the byte. Raises DataInvalid."""
    word = text.strip().lower().removesuffix(" late")
    if word.isdigit() and int(word) <= 255:
        return int(word)
    kind, _, detail = word.partition("/")
    try:
        return quality_byte(Quality[kind.upper()], _detail(detail))
    except KeyError:
        raise DataInvalid(f"column 'quality': {text!r} is none of good, uncertain, bad, 0 to 255") from None


def _detail(word: str) -> Detail:
    if word.isdigit() and int(word) in Detail.__members__.values():
        return Detail(int(word))
    return Detail[word.upper()] if word else Detail.NONE
