-- Shift log and handover, periodic duties, inspections, ratings. service/duty.

CREATE TABLE shift_entry (
    id      uuid PRIMARY KEY,
    at      timestamptz NOT NULL,
    by      text NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('note', 'call', 'visit', 'order')),
    text    text NOT NULL,
    -- An alert or a case.
    about   uuid
);
CREATE INDEX shift_entry_at ON shift_entry (at DESC, id DESC);
CREATE TRIGGER shift_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shift_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON shift_entry TO parkwatch_api;
ALTER TABLE shift_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY whole_park ON shift_entry TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*');

-- sheet: what stood when it was signed by whom went; digest: SHA-256 of its canonical JSON.
CREATE TABLE handover (
    id        uuid PRIMARY KEY,
    at        timestamptz NOT NULL,
    shift     text NOT NULL,
    by        text NOT NULL,
    note      text NOT NULL,
    sheet     jsonb NOT NULL,
    digest    text NOT NULL,
    taken     timestamptz,
    taken_by  text NOT NULL DEFAULT '',
    taken_note text NOT NULL DEFAULT '',
    CHECK (taken_by <> by)
);
CREATE INDEX handover_at ON handover (at DESC, id DESC);
GRANT SELECT, INSERT ON handover TO parkwatch_api;
GRANT UPDATE (taken, taken_by, taken_note) ON handover TO parkwatch_api;
ALTER TABLE handover ENABLE ROW LEVEL SECURITY;
CREATE POLICY whole_park ON handover TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*');
-- Signed once, by the one who comes; what was handed over never changes.
CREATE FUNCTION refuse_second_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.taken IS NOT NULL
       OR to_jsonb(OLD) - ARRAY['taken', 'taken_by', 'taken_note']
          IS DISTINCT FROM to_jsonb(NEW) - ARRAY['taken', 'taken_by', 'taken_note'] THEN
        RAISE EXCEPTION 'a handover is signed once and never changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER handover_signed_once BEFORE UPDATE ON handover
    FOR EACH ROW EXECUTE FUNCTION refuse_second_signature();
CREATE TRIGGER handover_kept BEFORE DELETE OR TRUNCATE ON handover
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE duty_report (
    id          uuid PRIMARY KEY,
    enterprise  text NOT NULL,
    duty        text NOT NULL,
    period      text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    result      text NOT NULL CHECK (result IN ('done', 'defects', 'waived')),
    text        text NOT NULL,
    UNIQUE (enterprise, duty, period)
);
CREATE INDEX duty_report_at ON duty_report (at DESC);
CREATE TRIGGER duty_report_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON duty_report
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT isolate('duty_report');
GRANT INSERT ON duty_report TO parkwatch_api;

CREATE TABLE inspection (
    id          uuid PRIMARY KEY,
    enterprise  text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    defects     integer NOT NULL CHECK (defects >= 0),
    text        text NOT NULL
);
CREATE INDEX inspection_enterprise ON inspection (enterprise, at DESC);
CREATE TRIGGER inspection_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT isolate('inspection');
GRANT INSERT ON inspection TO parkwatch_api;

CREATE TABLE rating (
    id          uuid PRIMARY KEY,
    enterprise  text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    rating      text NOT NULL CHECK (rating IN ('A', 'B', 'C', 'D')),
    reason      text NOT NULL
);
CREATE INDEX rating_enterprise ON rating (enterprise, at DESC);
CREATE TRIGGER rating_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rating
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT isolate('rating');
GRANT INSERT ON rating TO parkwatch_api;
