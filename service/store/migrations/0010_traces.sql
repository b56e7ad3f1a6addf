-- Upwind traces: for an alert at the fence or at an air station, which sources wind and timing point to.

-- revision 1 is of the data that were there when the alert had settled, 2 of those that came late. body: service/tracing.
CREATE TABLE trace (
    alert_id    uuid NOT NULL,
    revision    smallint NOT NULL CHECK (revision IN (1, 2)),
    subject     text NOT NULL,
    enterprise  text NOT NULL,
    at          timestamptz NOT NULL,
    computed    timestamptz NOT NULL,
    samples     bigint NOT NULL,
    body        text NOT NULL,
    PRIMARY KEY (alert_id, revision)
);
CREATE INDEX trace_computed ON trace (computed);
CREATE TRIGGER trace_append_only BEFORE UPDATE OR TRUNCATE ON trace
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
