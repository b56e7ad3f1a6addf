-- What the connectors said of themselves, and the spans for which they were not listening.

CREATE TABLE connector_health (
    connector    text NOT NULL,
    at           timestamptz NOT NULL,
    state        text NOT NULL,
    body         jsonb NOT NULL,
    PRIMARY KEY (connector, at)
);

CREATE TABLE connector_gap (
    connector  text NOT NULL,
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    reason     text NOT NULL,
    refilled   bigint,
    PRIMARY KEY (connector, from_time)
);
