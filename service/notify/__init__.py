"""Who is told of alarms outside the page, over which channel, when again, and the journal of every attempt."""
