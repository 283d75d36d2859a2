-- What a client keys in at the service number: a number of its own and a PIN; and notices that were spoken there.

CREATE SEQUENCE client_code_number START 1001;
CREATE TABLE client_code (
    client_id text    PRIMARY KEY,
    code      integer NOT NULL UNIQUE DEFAULT nextval('client_code_number')
);
ALTER SEQUENCE client_code_number OWNED BY client_code.code;
COMMENT ON TABLE client_code IS
    'the number by which a client is named on a telephone: made with the client, kept when it goes, never another''s';

INSERT INTO client_code (client_id) SELECT id FROM client ORDER BY id;

CREATE FUNCTION give_client_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO client_code (client_id)
    SELECT id FROM added WHERE id NOT IN (SELECT client_id FROM client_code) ORDER BY id;
    RETURN NULL;
END
$$;
CREATE TRIGGER client_code AFTER INSERT ON client
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION give_client_code();

CREATE TABLE client_pin (
    client_id text        PRIMARY KEY REFERENCES client (id) ON DELETE CASCADE,
    hash      text        NOT NULL,
    set_at    timestamptz NOT NULL DEFAULT now(),
    set_by    text        NOT NULL
);
COMMENT ON COLUMN client_pin.hash IS 'argon2id';

ALTER TABLE client_notice ADD COLUMN audio text;
COMMENT ON COLUMN client_notice.audio IS 'a file in the folder of recordings: the notice was spoken; null: it was written';
