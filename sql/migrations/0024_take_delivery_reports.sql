-- What a provider tells of a message before we know that the message is the provider's: the report may come while the
-- answer to the request is still on its way into the database. Whoever writes the id looks here; both hold one lock.

CREATE TABLE delivery_report (
    channel     text        NOT NULL,
    provider_id text        NOT NULL,
    report      text        NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (channel, provider_id)
);
COMMENT ON TABLE delivery_report IS 'reports of ids that no message has yet; it gets them when it has its id';

CREATE FUNCTION report_rank(report text) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN report = 'delivered' THEN 3 WHEN report = 'undelivered' THEN 2 WHEN report IS NULL THEN 0 ELSE 1 END;
COMMENT ON FUNCTION report_rank IS 'the higher one replaces the lower: delivered is the last word, whatever comes later';

CREATE FUNCTION lock_report(channel text, provider_id text) RETURNS void LANGUAGE sql
    AS $$ SELECT pg_advisory_xact_lock(1448104306, hashtext(channel || ' ' || provider_id)) $$;

CREATE FUNCTION report_known_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known delivery_report;
BEGIN
    PERFORM lock_report(NEW.channel, NEW.provider_id);
    DELETE FROM delivery_report WHERE channel = NEW.channel AND provider_id = NEW.provider_id RETURNING * INTO known;
    NEW.report := known.report;
    NEW.reported_at := known.reported_at;
    RETURN NEW;
END
$$;
CREATE TRIGGER outbox_report_known_before BEFORE UPDATE OF provider_id ON outbox FOR EACH ROW
    WHEN (NEW.provider_id IS NOT NULL AND NEW.provider_id IS DISTINCT FROM OLD.provider_id)
    EXECUTE FUNCTION report_known_before();
