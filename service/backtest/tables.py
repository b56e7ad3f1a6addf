"""Files of tables (CSV, CSV.gz, Parquet), read piece by piece in file order so that memory stays flat."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

#: A file of at most so many values (or bytes of text) is read as a whole, and sorted where it needs to be.
_WHOLE_VALUES = 20_000_000
_WHOLE_TEXT_BYTES = 256_000_000
_WHOLE_GZ_BYTES = 32_000_000
#: Values read at once from a longer one.
_PIECE_VALUES = 5_000_000
_CSV_BLOCK_BYTES = 8_000_000
_NOT_THERE = ["", "-", "--", "NA", "N/A", "n/a", "nan", "NaN", "NULL", "null", "None", "#N/A"]


class DataInvalid(ValueError):
    """The file cannot be read as recorded samples; the message names the place and the cure."""


class TableFile:
    """One file. Raises OSError and DataInvalid."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kinds = [suffix.lower() for suffix in path.suffixes]
        self._is_csv = ".csv" in kinds
        self._is_gz = kinds[-1:] == [".gz"]
        if not self._is_csv and kinds[-1:] not in ([".parquet"], [".pq"]):
            raise DataInvalid(f"{path}: neither .csv, .csv.gz nor .parquet")
        if not path.is_file():
            raise FileNotFoundError(f"{path}: there is no such file")

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns; those of a CSV as its beginning shows them."""
        with self._explained():
            if self._is_csv:
                with self._open_csv({}, None) as reader:
                    return reader.schema
            return self._metadata.schema.to_arrow_schema()

    @cached_property
    def rows(self) -> int | None:
        """How many; None where only reading it all would tell."""
        if self._is_csv:
            return None
        with self._explained():
            return int(self._metadata.num_rows)

    @cached_property
    def _metadata(self) -> pq.FileMetaData:
        """Read once: thousands of columns in hundreds of groups are a million entries."""
        return pq.read_metadata(self.path)

    @property
    def is_small(self) -> bool:
        """Whether it may be held in memory as a whole."""
        if self.rows is not None:
            return self.rows * len(self.schema.names) <= _WHOLE_VALUES
        return self.path.stat().st_size <= (_WHOLE_GZ_BYTES if self._is_gz else _WHOLE_TEXT_BYTES)

    def pieces(self, columns: Sequence[str], types: Mapping[str, pa.DataType]) -> Iterator[pa.Table]:
        """The rows in file order; ``types`` are those that the columns of a CSV are read as."""
        with self._explained():
            if self._is_csv:
                with self._open_csv(types, list(columns)) as reader:
                    for batch in reader:
                        yield pa.Table.from_batches([batch])
            else:
                rows = rows_at_once(len(columns))
                with pq.ParquetFile(self.path, metadata=self._metadata, pre_buffer=False) as file:
                    for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
                        yield pa.Table.from_batches([batch])

    def _open_csv(self, types: Mapping[str, pa.DataType], columns: list[str] | None) -> pa_csv.CSVStreamingReader:
        convert = pa_csv.ConvertOptions(
            column_types=dict(types), include_columns=columns, null_values=_NOT_THERE, strings_can_be_null=True
        )
        return pa_csv.open_csv(
            pa.input_stream(str(self.path)),
            read_options=pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
            convert_options=convert,
        )

    def _explained(self) -> "_Explained":
        return _Explained(self.path)


def rows_at_once(columns: int) -> int:
    """Of a table of so many columns: enough that a column's own cost does not count, few enough for any memory."""
    return max(1, _PIECE_VALUES // max(1, columns))


class _Explained:
    """Arrow's errors as `DataInvalid` that name the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError)):
            raise DataInvalid(f"{self._path}: {error}") from error
