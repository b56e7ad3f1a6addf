-- Every set of rules that was live, in full, with who put it there and why. Numbers are a journal's own.

CREATE TABLE rule_version (
    journal  uuid NOT NULL,
    number   integer NOT NULL,
    at       timestamptz NOT NULL,
    author   text NOT NULL,
    reason   text NOT NULL,
    sha256   text NOT NULL,
    -- Names and texts of the files, what was confirmed by whom, and what restarted: service/rules/versions.py.
    body     text NOT NULL,
    PRIMARY KEY (journal, number)
);
CREATE TRIGGER rule_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
