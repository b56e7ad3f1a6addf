-- Means over minutes, hours, days and months of emission monitors, what exceeded its limit, and what people marked.
-- service/judge/ writes them; deploy/docs/judgement.md says what every number means.

-- flag: rules/emissions/flags.py; origin: 1 computed from samples, 2 reported by the logger.
CREATE TABLE emission_minute (
    tag       integer NOT NULL,
    minute    timestamptz NOT NULL,
    value     double precision NOT NULL,
    n         integer NOT NULL,
    flag      smallint NOT NULL,
    origin    smallint NOT NULL,
    late      boolean NOT NULL,
    refilled  boolean NOT NULL,
    -- Mean of our samples, where the logger reports one too: whoever doubts the one has the other.
    computed  double precision NOT NULL
);
SELECT create_hypertable('emission_minute', 'minute', create_default_indexes => false,
                         chunk_time_interval => interval '7 days');
CREATE UNIQUE INDEX emission_minute_key ON emission_minute (tag, minute);

-- Every revision stays; the one with the highest number holds. NaN: no such number. status: rules/emissions/means.py.
-- value, low, high, status, unmarked: of what is judged, converted (折算) where the outlet asks for it.
CREATE TABLE emission_mean (
    tag              integer NOT NULL,
    period           text NOT NULL CHECK (period IN ('hour', 'day', 'month')),
    start            timestamptz NOT NULL,
    revision         integer NOT NULL,
    judged           timestamptz NOT NULL,
    value            double precision NOT NULL,
    low              double precision NOT NULL,
    high             double precision NOT NULL,
    status           smallint NOT NULL,
    parts            integer NOT NULL,
    flag             smallint NOT NULL,
    -- The same over what is valid and not marked.
    unmarked         double precision NOT NULL,
    unmarked_status  smallint NOT NULL,
    -- As measured, before conversion.
    measured         double precision NOT NULL,
    measured_status  smallint NOT NULL,
    converted        boolean NOT NULL,
    -- Mean flow beside it: the weight in a longer period. Amount discharged, kg, as far as known.
    flow             double precision NOT NULL,
    amount_kg        double precision NOT NULL,
    amount_hours     integer NOT NULL,
    present          integer NOT NULL,
    normal           integer NOT NULL,
    stopped          integer NOT NULL,
    marked           integer NOT NULL,
    late             integer NOT NULL,
    refilled         integer NOT NULL,
    -- Minutes in which our mean of the samples and the logger's own differ by more than the tolerance.
    minutes_differ   integer NOT NULL,
    -- What the logger itself reports for the period; verdict and reason: rules/emissions/compare.py.
    reported         double precision NOT NULL,
    reported_zs      double precision NOT NULL,
    reported_flag    text NOT NULL,
    verdict          smallint NOT NULL,
    verdict_reason   smallint NOT NULL,
    why              text NOT NULL,
    PRIMARY KEY (tag, period, start, revision)
);
CREATE INDEX emission_mean_start ON emission_mean (period, start);
CREATE TRIGGER emission_mean_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON emission_mean
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- As they stand; every change is a row of emission_exceedance_event.
CREATE TABLE emission_exceedance (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('warning', 'hour', 'day')),
    tag           integer NOT NULL,
    enterprise    text NOT NULL,
    source        text NOT NULL,
    quantity      text NOT NULL,
    start         timestamptz NOT NULL,
    side          text NOT NULL,
    value         double precision NOT NULL,
    limit_value   double precision NOT NULL,
    unit          text NOT NULL,
    -- Row of the limit pack or the permit, standard, version, clause, how sure: as rules/emissions/limits.py gives them.
    provenance    jsonb NOT NULL,
    -- True: it stands also over what is not marked.
    unmarked      boolean NOT NULL,
    state         text NOT NULL CHECK (state IN ('standing', 'withdrawn')),
    revision      integer NOT NULL,
    judged        timestamptz NOT NULL,
    why           text NOT NULL,
    -- Whether the alert book knows: of the exceedance, and that it is over.
    told          boolean NOT NULL DEFAULT false,
    over          timestamptz,
    told_over     boolean NOT NULL DEFAULT false
);
CREATE INDEX emission_exceedance_start ON emission_exceedance (start DESC, id);
CREATE INDEX emission_exceedance_tag ON emission_exceedance (tag, kind, start DESC);
-- Of each kind few are open: those that go on, and those of which the alert book does not know yet.
CREATE INDEX emission_exceedance_goes_on ON emission_exceedance (kind, tag) WHERE over IS NULL;
CREATE INDEX emission_exceedance_untold ON emission_exceedance (start, id)
    WHERE NOT told OR (over IS NOT NULL AND NOT told_over);
CREATE TABLE emission_exceedance_event (
    id        uuid NOT NULL,
    revision  integer NOT NULL,
    at        timestamptz NOT NULL,
    state     text NOT NULL,
    value     double precision NOT NULL,
    limit_value double precision NOT NULL,
    unmarked  boolean NOT NULL,
    why       text NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE TRIGGER emission_exceedance_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON emission_exceedance_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A mark (标记): what an enterprise declares of a span of its data. Withdrawn ones stay; every change is an audit_note.
CREATE TABLE emission_mark (
    id          uuid PRIMARY KEY,
    enterprise  text NOT NULL,
    source      text NOT NULL,
    -- Full ids; empty: all tags of the source.
    tags        text[] NOT NULL,
    from_time   timestamptz NOT NULL,
    to_time     timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('condition', 'anomaly')),
    type        text NOT NULL,
    reason      text NOT NULL,
    author      text NOT NULL,
    created     timestamptz NOT NULL,
    origin      text NOT NULL CHECK (origin IN ('manual', 'auto')),
    withdrawn   timestamptz,
    withdrawn_by text NOT NULL DEFAULT '',
    withdraw_reason text NOT NULL DEFAULT '',
    CHECK (from_time < to_time)
);
CREATE INDEX emission_mark_span ON emission_mark (source, from_time);
CREATE INDEX emission_mark_created ON emission_mark (created DESC, id);

-- By what each source was judged since when: limits, permits, outlet facts, validity; see service/judge/rules.py. Rows are
-- added where they change. judged_again_from: from then on the past was judged again by them; NULL: nothing was.
CREATE TABLE emission_rules (
    source            text NOT NULL,
    since             timestamptz NOT NULL,
    sha256            text NOT NULL,
    rules             jsonb NOT NULL,
    judged_again_from timestamptz,
    PRIMARY KEY (source, since)
);
CREATE TRIGGER emission_rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON emission_rules
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Up to which hour periods without any data have been judged.
CREATE TABLE judge_state (
    name   text PRIMARY KEY,
    until  timestamptz NOT NULL
);
