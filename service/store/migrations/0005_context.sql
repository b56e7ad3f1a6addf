-- Alarms put aside, first-out groups and chatter; and what is going on in the plant, from when to when, and why.

ALTER TABLE alert
    ADD COLUMN kind         text NOT NULL DEFAULT '',
    ADD COLUMN protected    boolean NOT NULL DEFAULT false,
    ADD COLUMN alert_group  text NOT NULL DEFAULT '',
    ADD COLUMN first_out    boolean NOT NULL DEFAULT false,
    ADD COLUMN chattering   boolean NOT NULL DEFAULT false,
    ADD COLUMN aside_since  timestamptz,
    ADD COLUMN aside_until  timestamptz,
    ADD COLUMN aside_by     text NOT NULL DEFAULT '',
    ADD COLUMN aside_reason text NOT NULL DEFAULT '',
    ADD COLUMN work_order   text NOT NULL DEFAULT '';
CREATE INDEX alert_group ON alert (alert_group) WHERE alert_group <> '';

-- Entries as they stand. Every change of one is an alert_event whose alert_id is the entry's id; none is ever deleted.
CREATE TABLE context (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('start_up', 'shutdown', 'overhaul', 'calibration', 'maintenance',
                'hot_work', 'confined_space', 'special_work')),
    enterprise  text NOT NULL,
    source      text NOT NULL,
    tags        text[] NOT NULL,
    from_time   timestamptz NOT NULL,
    to_time     timestamptz NOT NULL,
    reason      text NOT NULL,
    permit      text NOT NULL,
    opened      timestamptz NOT NULL,
    opened_by   text NOT NULL,
    state       text NOT NULL CHECK (state IN ('planned', 'live', 'over')),
    over        timestamptz,
    ended_by    text NOT NULL,
    end_reason  text NOT NULL,
    chain       uuid NOT NULL,
    seq         bigint NOT NULL
);
CREATE INDEX context_opened ON context (opened DESC, id);
CREATE INDEX context_enterprise ON context (enterprise, opened DESC);
