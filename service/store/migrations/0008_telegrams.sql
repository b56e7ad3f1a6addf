-- Telegrams as they came, means that loggers report, what was done and by whom, and minutes that are to be judged anew.

-- The telegrams of one connector in one journal row: MessagePack in Zstandard, see service/store/raw.py. received_at is the
-- row's time, so a sample finds its telegram by sample.time + lag_ms.
CREATE TABLE raw_block (
    received_at  timestamptz NOT NULL,
    origin       text NOT NULL,
    frames       integer NOT NULL,
    data         bytea NOT NULL
);
SELECT create_hypertable('raw_block', 'received_at', create_default_indexes => false,
                         chunk_time_interval => interval '1 day');
CREATE INDEX raw_block_received ON raw_block (received_at);

-- park/periods.py. Every version that differs is kept; the one received last is the logger's word.
CREATE TABLE period_report (
    tag       integer NOT NULL,
    length_s  integer NOT NULL,
    start     timestamptz NOT NULL,
    received  timestamptz NOT NULL,
    avg       double precision NOT NULL,
    min       double precision NOT NULL,
    max       double precision NOT NULL,
    cou       double precision NOT NULL,
    zs_avg    double precision NOT NULL,
    zs_min    double precision NOT NULL,
    zs_max    double precision NOT NULL,
    flag      text NOT NULL,
    asked     boolean NOT NULL
);
SELECT create_hypertable('period_report', 'start', create_default_indexes => false,
                         chunk_time_interval => interval '7 days');
CREATE UNIQUE INDEX period_report_key ON period_report (tag, length_s, start, received);

-- What people and the service did that is no change of an alert: commands to devices, marks, confirmations.
CREATE TABLE audit_note (
    journal     uuid NOT NULL,
    id          uuid NOT NULL,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    by          text NOT NULL,
    enterprise  text NOT NULL,
    subject     text NOT NULL,
    body        jsonb NOT NULL,
    PRIMARY KEY (journal, id)
);
CREATE INDEX audit_note_subject ON audit_note (kind, subject, at DESC);
CREATE INDEX audit_note_at ON audit_note (at DESC);
CREATE TRIGGER audit_note_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_note
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- service/store/touched.py
CREATE SEQUENCE emission_touch;
CREATE TABLE emission_touched (
    tag     integer NOT NULL,
    minute  timestamptz NOT NULL,
    seq     bigint NOT NULL DEFAULT nextval('emission_touch'),
    PRIMARY KEY (tag, minute)
);
CREATE INDEX emission_touched_minute ON emission_touched (minute);
