"""The Tennessee Eastman plant, played from recordings: the best-known benchmark of a chemical plant.

Row k of a recording is the plant at (k + 1) * 10 s. All runs have one noise, so the run of a disturbance equals the
normal one up to its onset at 7200 s; switching over there is seamless.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulators.tep.table import COLUMNS, MEASUREMENTS, VALVES, Measurement

__all__ = ["COLUMNS", "MEASUREMENTS", "ROW_S", "RUNS", "VALVES", "Measurement", "TepPlant", "recording"]

#: Seconds from row to row.
ROW_S = 10.0
#: Names of the recordings.
RUNS = ("normal", "idv01", "idv06", "idv13")
#: First row that a disturbance has touched: the one that ends 10 s after 7200 s.
ONSET_ROW = 720
#: The normal run is played from here to its onset row and back: settled, and ready to branch off anywhere.
_LOOP_FROM_ROW = 180


@cache
def recording(run: str) -> NDArray[np.float32]:
    """``(rows, 53)``, columns as in `COLUMNS`. Raises ValueError for a run that does not exist."""
    if run not in RUNS:
        raise ValueError(f"{run!r} is not a recording; there are {', '.join(RUNS)}")
    data = files("simulators.tep").joinpath("recordings", f"{run}.parquet").read_bytes()
    table = pq.read_table(pa.BufferReader(data))
    rows = np.stack([table.column(one.name).to_numpy() for one in COLUMNS], axis=1).astype(np.float32)
    rows.flags.writeable = False
    return rows


class TepPlant:
    """Plays the normal run to and fro without end; ``disturb`` takes the road of a disturbance until ``restore``.

    To and fro, because a jump from the end of the loop to its beginning would be a step in every slow variable.
    """

    def __init__(self, columns: Sequence[int] | None = None, *, start_s: float = 0.0) -> None:
        self._columns = np.arange(len(COLUMNS)) if columns is None else np.asarray(columns, np.intp)
        self._time_s = start_s
        self._run = "normal"
        self._disturbed_s = 0.0

    @property
    def run(self) -> str:
        """The recording that is being played."""
        return self._run

    def disturb(self, run: str) -> None:
        """From the next row on, the disturbance; asking for the one that runs changes nothing."""
        recording(run)
        if run != self._run:
            self._run, self._disturbed_s = run, 0.0

    def restore(self) -> None:
        """Back to normal operation."""
        self._run = "normal"

    def _row(self) -> int:
        if self._run != "normal":
            return min(ONSET_ROW + int(self._disturbed_s // ROW_S), len(recording(self._run)) - 1)
        length = ONSET_ROW - _LOOP_FROM_ROW
        phase = int(self._time_s // ROW_S) % (2 * length)
        # It begins at the onset row and walks back first: a disturbance early in a demonstration fits seamlessly.
        return ONSET_ROW - 1 - phase if phase < length else _LOOP_FROM_ROW + phase - length

    def step(self, dt_s: float) -> NDArray[np.float64]:
        """Go ``dt_s`` seconds on and give the row of that moment."""
        self._time_s += dt_s
        if self._run != "normal":
            self._disturbed_s += dt_s
        row: NDArray[np.float64] = recording(self._run)[self._row(), self._columns].astype(np.float64)
        return row
