-- The book: groups and clients as data. `data` is the validated model as JSON; what must be unique or found by
-- SQL stands in columns of its own.

CREATE SEQUENCE book_row_version;
COMMENT ON SEQUENCE book_row_version IS 'never repeats, so a row deleted and created again is seen as changed';

CREATE TABLE client_group (
    id         text PRIMARY KEY,
    data       jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT nextval('book_row_version'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client (
    id         text PRIMARY KEY,
    data       jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT nextval('book_row_version'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client_number (
    number        text NOT NULL,
    diverted_from text,
    client_id     text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    UNIQUE NULLS NOT DISTINCT (number, diverted_from)
);
CREATE INDEX client_number_client ON client_number (client_id);
COMMENT ON TABLE client_number IS 'which (dialled, diverting) pair belongs to whom; each pair once in the house';

CREATE TABLE book_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
);
INSERT INTO book_version (version) VALUES (0);

CREATE FUNCTION book_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_at bigint;
BEGIN
    UPDATE book_version SET version = version + 1 RETURNING version INTO now_at;
    PERFORM pg_notify('vorzimmer_book', now_at::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER client_group_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON client_group
    FOR EACH STATEMENT EXECUTE FUNCTION book_changed();
CREATE TRIGGER client_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION book_changed();
