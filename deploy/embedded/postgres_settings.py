"""What we write into postgresql.conf: sound on two cores, whatever memory there is."""

import os
from collections.abc import Mapping
from pathlib import Path

_MB = 1024 * 1024
#: Below this, shared memory as containers give it cannot hold a parallel query's working set.
_ROOMY_SHM_MB = 512


def defaults(*, shared_buffers_mb: int | None, fsync: bool) -> dict[str, str]:
    """Return the settings before any override."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MB
    buffers_mb = shared_buffers_mb or min(1024, max(128, memory_mb // 8))
    safe = "on" if fsync else "off"
    return {
        "shared_preload_libraries": "timescaledb",
        "timescaledb.telemetry_level": "off",
        "timescaledb.max_background_workers": "4",
        "max_worker_processes": "16",
        "max_connections": "100",
        "max_locks_per_transaction": "256",
        "shared_buffers": f"{buffers_mb}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "maintenance_work_mem": "128MB",
        "work_mem": "16MB",
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "10min",
        "synchronous_commit": "on",
        "fsync": safe,
        "full_page_writes": safe,
        "random_page_cost": "1.1",
        "max_parallel_workers_per_gather": "1",
        "jit": "off",
        "dynamic_shared_memory_type": "posix" if _shm_mb() >= _ROOMY_SHM_MB else "mmap",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "unix_socket_permissions": "0700",
    }


def write(path: Path, settings: Mapping[str, str]) -> None:
    """Write the file anew; its owner stays who it was."""
    lines = [f"{name} = '{_quoted(value)}'" for name, value in sorted(settings.items())]
    path.write_text("# Written at every start; change it where the server is described.\n" + "\n".join(lines) + "\n")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _shm_mb() -> int:
    try:
        status = os.statvfs("/dev/shm")
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize // _MB
