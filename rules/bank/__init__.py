"""Alarms of many targets at once: latches with delays, marks, levels; what every kind but ``stale`` is built on."""
