-- Samples, tags, dead letters, and how far the store has read the journal.

CREATE TABLE tag (
    ix          integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0) PRIMARY KEY,
    id          text NOT NULL UNIQUE,
    enterprise  text NOT NULL,
    source      text NOT NULL,
    quantity    text NOT NULL,
    unit        text NOT NULL
);
CREATE INDEX tag_enterprise ON tag (enterprise);

-- quality: park/quality.py; lag_ms: received minus source time, so that history can tell what was known when.
CREATE TABLE sample (
    tag      integer NOT NULL,
    time     timestamptz NOT NULL,
    value    double precision NOT NULL,
    quality  smallint NOT NULL,
    lag_ms   integer NOT NULL
);
SELECT create_hypertable('sample', 'time', create_default_indexes => false, chunk_time_interval => interval '6 hours');
CREATE UNIQUE INDEX sample_tag_time ON sample (tag, time);

-- What arrived and could not be used, with its raw bytes and the reason.
CREATE TABLE dead_letter (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at  timestamptz NOT NULL,
    origin       text NOT NULL,
    enterprise   text NOT NULL,
    address      text NOT NULL,
    reason       text NOT NULL,
    detail       text NOT NULL,
    raw          bytea NOT NULL
);
CREATE INDEX dead_letter_received ON dead_letter (received_at);

-- Moves in the transaction that stores the rows, so a journal row is stored once, whatever crashes.
CREATE TABLE journal_reader (
    journal   uuid PRIMARY KEY,
    position  bigint NOT NULL
);
