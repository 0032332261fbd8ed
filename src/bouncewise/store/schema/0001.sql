-- Deliveries, and how many of them there were by hour and by day.
CREATE TABLE delivery (
    id {ID},
    key {BLOB} NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    outcome SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    provider TEXT NOT NULL,
    code SMALLINT,
    enhanced TEXT NOT NULL,
    reply TEXT NOT NULL,
    phase TEXT NOT NULL,
    recipient TEXT NOT NULL,
    domain TEXT NOT NULL,
    sender TEXT,
    ip TEXT NOT NULL,
    client TEXT NOT NULL,
    host TEXT NOT NULL,
    remote_ip TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    queue_age DOUBLE PRECISION,
    status TEXT NOT NULL,
    feedback_type TEXT NOT NULL,
    note TEXT NOT NULL,
    format TEXT NOT NULL,
    path TEXT NOT NULL,
    line BIGINT,
    template BIGINT NOT NULL
);
CREATE INDEX delivery_at ON delivery (at, id);
CREATE INDEX delivery_domain ON delivery (domain, at, id);
CREATE INDEX delivery_recipient ON delivery (recipient, at, id);
CREATE INDEX delivery_cause ON delivery (cause, at, id) WHERE outcome > 0;
CREATE INDEX delivery_provider ON delivery (provider, at, id) WHERE outcome > 0;
CREATE INDEX delivery_template ON delivery (template, at, id) WHERE outcome > 0;
CREATE INDEX delivery_ip ON delivery (ip, at, id) WHERE outcome > 0;

-- step: 'h' or 'd'; at: where the hour or day begins; dim and name: what is counted.
CREATE TABLE rollup (
    step CHAR(1) NOT NULL,
    dim SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    name TEXT NOT NULL,
    outcome SMALLINT NOT NULL,
    cause TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (step, dim, at, name, outcome, cause)
) {WITHOUT_ROWID};

-- Replies of which many differ only in addresses and numbers.
CREATE TABLE template (
    template TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    example TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL
);

-- Tokens of the API, hashed.
CREATE TABLE token (
    hash {BLOB} PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    made BIGINT NOT NULL
);
