"""The functions of the language, for the checker, for suggestions and for the documentation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """How it is called, and what it gives."""

    usage: str
    meaning: str


#: Over a window of a tag; and what they need to be kept of its samples.
WINDOWS = ("mean", "max", "min", "sum", "count", "stddev", "rate")

FUNCTIONS: dict[str, Function] = {
    "mean": Function("mean(x, 10m)", "mean of the usable samples of the last 10 minutes"),
    "max": Function("max(x, 10m)", "greatest of them; max(a, b, ...) the greatest of numbers"),
    "min": Function("min(x, 10m)", "least of them; min(a, b, ...) the least of numbers"),
    "sum": Function("sum(x, 10m)", "their sum"),
    "count": Function("count(x, 10m)", "how many they are"),
    "stddev": Function("stddev(x, 10m)", "their standard deviation (n - 1)"),
    "rate": Function("rate(x, 5m)", "change from the first of them to the last, per second"),
    "abs": Function("abs(a)", "a number without its sign"),
    "bit": Function("bit(word, 3)", "whether bit 3 of a word is set; bit 0 is the lowest"),
    "valid": Function("valid(x)", "whether the value is known: neither bad nor too old"),
    "stale": Function("stale(x)", "whether there has been no usable sample for longer than the tag's stale_after"),
    "age": Function("age(x)", "time since the newest usable sample"),
    "hold": Function("hold(condition, 30s)", "whether it has been so for at least 30 seconds, unbroken"),
    "hour": Function("hour()", "hour of the day, 0 to 23, fixed UTC+08:00"),
    "between": Function("between(22:00, 06:00)", "whether it is that time of day, fixed UTC+08:00; the end excluded"),
}

#: What people call them elsewhere.
ALSO = {
    "avg": "mean",
    "average": "mean",
    "std": "stddev",
    "stdev": "stddev",
    "sigma": "stddev",
    "sd": "stddev",
    "delta": "rate",
    "slope": "rate",
    "diff": "rate",
    "known": "valid",
    "good": "valid",
    "since": "hold",
    "for": "hold",
    "sustained": "hold",
    "maximum": "max",
    "minimum": "min",
    "total": "sum",
}

MOST_WINDOWS = 8
MOST_HOLDS = 8
SHORTEST_WINDOW_US = 1_000_000
LONGEST_WINDOW_US = 31 * 86_400_000_000
