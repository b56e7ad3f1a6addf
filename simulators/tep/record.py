"""Makes the recordings in ``recordings/`` with tep-studio; run by hand in a throw-away environment, never at run time.

    python -m venv VENV && VENV/bin/pip install tep-studio==0.2.0 pyarrow
    VENV/bin/python simulators/tep/record.py simulators/tep/recordings

tep-studio needs a C compiler, SciPy, pandas and matplotlib; what we want of it is a few megabytes of numbers, so it
is no dependency of ours. The same seed gives all runs one noise, so that they are equal up to the disturbance.
"""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HORIZON_H = 8.0
STEP_S = 10
ONSET_S = 7200
SEED = 1234.0
#: Name of the recording -> number of the disturbance (IDV); 0 is none.
RUNS = {"normal": 0, "idv01": 1, "idv06": 6, "idv13": 13}


def _schedule(idv: int) -> Callable[[float], Any]:
    def at(time_h: float) -> Any:
        vector = np.zeros(28)
        if idv and time_h * 3600 >= ONSET_S - STEP_S / 2:
            vector[idv - 1] = 1.0
        return vector

    return at


def _run(idv: int) -> tuple[list[str], Any]:
    import tep_studio

    loop = tep_studio.ClosedLoopSimulation(control_interval=STEP_S / 3600, horizon=HORIZON_H)
    results = loop.run(seed=SEED, disturbance_schedule=_schedule(idv)).results
    names = [row[0] for row in (*tep_studio.list_measurements(), *tep_studio.list_manipulated_variables())]
    rows = [np.concatenate([one.measurements, one.implemented_action]) for one in results]
    return names, np.array(rows, dtype=np.float32)


def record(folder: Path) -> None:
    """Write one Parquet file a run: float32 columns, row k at (k + 1) * 10 s, what it is in the schema's metadata."""
    for run, idv in RUNS.items():
        names, rows = _run(idv)
        meta = {"idv": str(idv), "onset_s": str(ONSET_S if idv else ""), "step_s": str(STEP_S), "seed": str(SEED)}
        meta["made_with"] = "tep-studio " + version("tep-studio")
        table = pa.table(dict(zip(names, rows.T, strict=True))).replace_schema_metadata(meta)
        path = folder / f"{run}.parquet"
        pq.write_table(
            table, path, compression="zstd", compression_level=19, use_dictionary=False, use_byte_stream_split=True
        )
        print(f"{path}: {len(rows)} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Record Tennessee Eastman runs")
    parser.add_argument("folder", type=Path)
    record(parser.parse_args().folder)
