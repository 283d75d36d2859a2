-- Invoices as they were issued: numbered without a gap, with their documents, never changed.

CREATE TABLE number_circle (
    pattern text    NOT NULL,
    year    integer NOT NULL,
    taken   integer NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (pattern, year)
);
COMMENT ON TABLE number_circle IS 'the last number of each circle; taken in the transaction that issues, so that a rollback gives it back';

CREATE TABLE invoice (
    number    text        PRIMARY KEY,
    circle    text        NOT NULL,
    year      integer     NOT NULL,
    counted   integer     NOT NULL,
    kind      text        NOT NULL CHECK (kind IN ('380', '381', '384')),
    client    text        NOT NULL,
    month     date        NOT NULL CHECK (extract(day FROM month) = 1),
    turn      integer     CHECK (turn >= 0),
    issued    date        NOT NULL,
    currency  text        NOT NULL,
    net       numeric     NOT NULL,
    tax       numeric     NOT NULL,
    cancels   text        UNIQUE REFERENCES invoice (number),
    data      jsonb       NOT NULL,
    digest    bytea       NOT NULL CHECK (octet_length(digest) = 32),
    issued_at timestamptz NOT NULL DEFAULT now(),
    issued_by text        NOT NULL,
    UNIQUE (circle, year, counted),
    UNIQUE (client, month, turn),
    CHECK ((kind = '384') = (cancels IS NOT NULL) AND (kind = '384') = (turn IS NULL))
);
COMMENT ON TABLE invoice IS 'data: core.invoice.Invoice as JSON; kept for eight years (§ 14b UStG)';
COMMENT ON COLUMN invoice.kind IS 'UNTDID 1001: invoice, credit note, cancellation';
COMMENT ON COLUMN invoice.month IS 'whose statement it is of';
COMMENT ON COLUMN invoice.turn IS 'how often the month had been invoiced before; null: a cancellation';
COMMENT ON COLUMN invoice.digest IS 'SHA-256 over data, see core/invoice_json.py';

CREATE TABLE invoice_document (
    number  text  NOT NULL REFERENCES invoice (number),
    name    text  NOT NULL,
    media   text  NOT NULL,
    content bytea NOT NULL,
    digest  bytea NOT NULL CHECK (digest = sha256(content)),
    PRIMARY KEY (number, name)
);
ALTER TABLE invoice_document ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE invoice_document IS 'what was sent: the XML, and the PDF that holds it';

CREATE TRIGGER invoice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_append_only;
CREATE TRIGGER invoice_document_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice_document ENABLE ALWAYS TRIGGER invoice_document_append_only;
