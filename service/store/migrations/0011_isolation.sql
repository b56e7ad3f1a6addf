-- Enterprises apart, beneath the statements: the interface connects as a role that owns nothing, and sees of the
-- ordinary tables only rows of the enterprises that the setting parkwatch.visible names ('*': all; unset: none).
-- Hypertables cannot be guarded so (row-level security does not reach their chunks): there the query layer's mandatory
-- scope stands alone, see service/store/scope.py.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parkwatch_api') THEN
        CREATE ROLE parkwatch_api NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    IF NOT pg_has_role(current_user, 'parkwatch_api', 'MEMBER') THEN
        EXECUTE format('GRANT parkwatch_api TO %I', current_user);
    END IF;
EXCEPTION
    -- Two databases of one server may be made at once.
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role parkwatch_api is missing: as a superuser, CREATE ROLE parkwatch_api NOLOGIN; '
                        'GRANT parkwatch_api TO %', current_user;
END $$;

GRANT USAGE ON SCHEMA public TO parkwatch_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO parkwatch_api;

-- Turns it on for a table with a column enterprise. What may be written besides is granted table by table.
CREATE FUNCTION isolate(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT ON %s TO parkwatch_api', guarded);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format(
        'CREATE POLICY own_enterprise ON %s TO parkwatch_api USING ('
        ' (SELECT current_setting(''parkwatch.visible'', true)) = ''*'''
        ' OR enterprise = ANY (string_to_array((SELECT current_setting(''parkwatch.visible'', true)), '','')))',
        guarded);
END $$;

SELECT isolate(one::regclass)
FROM unnest(ARRAY['tag', 'alert', 'context', 'dead_letter', 'audit_note', 'risk_history', 'trace',
                  'emission_exceedance', 'emission_mark']) AS one;

-- What names an enterprise only through what it is about.
ALTER TABLE alert_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_enterprise ON alert_event TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*'
    OR EXISTS (SELECT FROM alert WHERE alert.id = alert_event.alert_id)
    OR EXISTS (SELECT FROM context WHERE context.id = alert_event.alert_id));
ALTER TABLE emission_exceedance_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_enterprise ON emission_exceedance_event TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*'
    OR EXISTS (SELECT FROM emission_exceedance found WHERE found.id = emission_exceedance_event.id));

-- A listener that comes back must be able to tell "hidden" from "missing": numbers of all events, bodies of its own.
-- Runs as its owner, so it looks at parkwatch.visible itself.
CREATE FUNCTION events_since(of_chain uuid, after_seq bigint, most bigint)
RETURNS TABLE (seq bigint, body text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.seq,
           CASE WHEN current_setting('parkwatch.visible', true) = '*'
                  OR coalesce(a.enterprise, c.enterprise)
                     = ANY (string_to_array(current_setting('parkwatch.visible', true), ','))
                THEN e.body END
    FROM alert_event e
    LEFT JOIN alert a ON a.id = e.alert_id
    LEFT JOIN context c ON c.id = e.alert_id
    WHERE e.chain = of_chain AND e.seq > after_seq
    ORDER BY e.seq
    LIMIT most
$$;

-- Rules name tags of all enterprises.
ALTER TABLE rule_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY whole_park ON rule_version TO parkwatch_api USING (
    (SELECT current_setting('parkwatch.visible', true)) = '*');
