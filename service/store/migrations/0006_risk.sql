-- Every change of colour of a source, an enterprise or the park. Numbers are a journal's own.

CREATE TABLE risk_history (
    journal     uuid NOT NULL,
    seq         bigint NOT NULL,
    at          timestamptz NOT NULL,
    subject     text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('source', 'enterprise', 'park')),
    enterprise  text NOT NULL,
    colour      text NOT NULL CHECK (colour IN ('red', 'orange', 'yellow', 'blue')),
    was         text NOT NULL CHECK (was IN ('red', 'orange', 'yellow', 'blue')),
    score       double precision NOT NULL,
    why         text NOT NULL,
    PRIMARY KEY (journal, seq)
);
CREATE INDEX risk_history_at ON risk_history (at DESC, seq DESC);
CREATE INDEX risk_history_subject ON risk_history (subject, at DESC, seq DESC);
CREATE TRIGGER risk_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON risk_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Key figures ask which alerts stood at a time.
CREATE INDEX alert_cleared ON alert (cleared);
