-- Every attempt to tell somebody, its result, and what was not told and why (service/notify).

CREATE TABLE notification (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Of the message: several attempts carry one id. A silence has an id of its own.
    id          uuid NOT NULL,
    at          timestamptz NOT NULL,
    -- Alerts or cases that it tells of.
    about       uuid[] NOT NULL,
    -- Empty where it tells of several, or of none.
    enterprise  text NOT NULL,
    channel     text NOT NULL,
    route       text NOT NULL,
    why         text NOT NULL,
    colour      text NOT NULL,
    state       text NOT NULL CHECK (state IN ('sent', 'failed', 'given_up', 'silent')),
    attempt     integer NOT NULL,
    step        integer NOT NULL,
    -- What the other side answered, or why it was not told.
    reason      text NOT NULL,
    took_ms     integer NOT NULL
);
CREATE INDEX notification_at ON notification (at DESC, seq DESC);
CREATE INDEX notification_about ON notification USING gin (about);
CREATE TRIGGER notification_append_only BEFORE UPDATE OR TRUNCATE ON notification
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT isolate('notification');
GRANT INSERT ON notification TO parkwatch_api;
