-- Alerts as they stand, and the append-only, hash-chained record of every change (ISA-18.2 / IEC 62682).

CREATE TABLE alert (
    id             uuid PRIMARY KEY,
    rule           text NOT NULL,
    target         text NOT NULL,
    enterprise     text NOT NULL,
    source         text NOT NULL,
    side           text NOT NULL,
    level          text NOT NULL,
    peak_level     text NOT NULL,
    priority       smallint NOT NULL,
    state          text NOT NULL CHECK (state IN
                   ('unack', 'acked', 'rtnun', 'norm', 'shelved', 'suppressed', 'out_of_service')),
    unit           text NOT NULL,
    onset          timestamptz NOT NULL,
    raised         timestamptz NOT NULL,
    detected       timestamptz NOT NULL,
    detected_late  boolean NOT NULL,
    cleared        timestamptz,
    value          double precision,
    limit_value    double precision,
    peak           double precision,
    quality        text NOT NULL,
    unverified     boolean NOT NULL,
    acked          timestamptz,
    acked_by       text NOT NULL,
    why            text NOT NULL,
    chain          uuid NOT NULL,
    seq            bigint NOT NULL
);
CREATE INDEX alert_raised ON alert (raised DESC, id);
CREATE INDEX alert_standing ON alert (state) WHERE state <> 'norm';
CREATE INDEX alert_enterprise ON alert (enterprise, raised DESC);

-- body: the event exactly as it was hashed (service/alerts/model.py), so that the chain can be proved.
CREATE TABLE alert_event (
    chain     uuid NOT NULL,
    seq       bigint NOT NULL,
    alert_id  uuid NOT NULL,
    recorded  timestamptz NOT NULL,
    body      text NOT NULL,
    hash      text NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX alert_event_alert ON alert_event (alert_id, seq);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END $$;
CREATE TRIGGER alert_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
