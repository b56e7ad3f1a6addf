-- Cases (交办 → 签收 → 整改 → 复核 → 销号): as they stand, every step of them, and what was attached. service/cases.

CREATE TABLE case_number (
    year  integer PRIMARY KEY,
    last  integer NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON case_number TO parkwatch_api;

CREATE TABLE case_file (
    id            uuid PRIMARY KEY,
    year          integer NOT NULL,
    number        integer NOT NULL,
    title         text NOT NULL,
    state         text NOT NULL CHECK (state IN ('dispatched', 'received', 'answered', 'verified', 'closed')),
    colour        text NOT NULL CHECK (colour IN ('red', 'orange', 'yellow', 'blue')),
    cause         text NOT NULL CHECK (cause IN ('real', 'instrument', 'calibration', 'test', 'communication')),
    enterprise    text NOT NULL,
    source        text NOT NULL,
    alerts        uuid[] NOT NULL,
    instructions  text NOT NULL,
    opened        timestamptz NOT NULL,
    opened_by     text NOT NULL,
    -- When it was last handed to the enterprise, and until when that has to answer.
    handed        timestamptz NOT NULL,
    due           timestamptz NOT NULL,
    received      timestamptz,
    received_by   text NOT NULL DEFAULT '',
    answered      timestamptz,
    answered_by   text NOT NULL DEFAULT '',
    verified      timestamptz,
    verified_by   text NOT NULL DEFAULT '',
    closed        timestamptz,
    closed_by     text NOT NULL DEFAULT '',
    -- Reminders and escalations since it was handed over: 0 none, 1 reminded, 2.. escalated; and to whom last.
    told          smallint NOT NULL DEFAULT 0,
    told_to       text NOT NULL DEFAULT '',
    messages      integer NOT NULL DEFAULT 0,
    attachments   integer NOT NULL DEFAULT 0,
    updated       timestamptz NOT NULL,
    -- Of its last event.
    seq           integer NOT NULL,
    UNIQUE (year, number)
);
CREATE INDEX case_file_opened ON case_file (opened DESC, id DESC);
CREATE INDEX case_file_open ON case_file (due) WHERE state <> 'closed';
CREATE INDEX case_file_alerts ON case_file USING gin (alerts);
SELECT isolate('case_file');
GRANT INSERT ON case_file TO parkwatch_api;
GRANT UPDATE (state, cause, alerts, handed, due, received, received_by, answered, answered_by, verified, verified_by,
              closed, closed_by, told, told_to, messages, attachments, updated, seq) ON case_file TO parkwatch_api;

CREATE TABLE case_attachment (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES case_file,
    enterprise  text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    bytes       integer NOT NULL,
    sha256      text NOT NULL,
    data        bytea NOT NULL
);
CREATE INDEX case_attachment_case ON case_attachment (case_id, at);
CREATE TRIGGER case_attachment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT isolate('case_attachment');
GRANT INSERT ON case_attachment TO parkwatch_api;

-- internal: the park's alone. request: the same request twice is one step.
CREATE TABLE case_event (
    case_id     uuid NOT NULL REFERENCES case_file,
    seq         integer NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    role        text NOT NULL,
    kind        text NOT NULL,
    text        text NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    enterprise  text NOT NULL,
    internal    boolean NOT NULL,
    attachment  uuid REFERENCES case_attachment,
    request     uuid,
    PRIMARY KEY (case_id, seq),
    UNIQUE (case_id, request)
);
CREATE INDEX case_event_at ON case_event (at);
CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON case_event TO parkwatch_api;
ALTER TABLE case_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_enterprise ON case_event TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*'
    OR (NOT internal
        AND enterprise = ANY (string_to_array((SELECT current_setting('parkwatch.visible', true)), ','))));
