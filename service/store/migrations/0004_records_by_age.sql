-- So that old records are found by their age when they are deleted.

CREATE INDEX connector_health_at ON connector_health (at);
