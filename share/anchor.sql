-- Where lifeboat leaves the head of a run's journal, so that nobody who can write the run's folder can
-- change what happened unnoticed:
--
--	psql -d evidence -f anchor.sql
--	psql -d evidence -c "CREATE ROLE ana LOGIN PASSWORD '…'; GRANT lifeboat_anchor_writer TO ana"
--	lifeboat run --anchor postgresql:service=evidence RUNBOOK
--
-- Put it on a server that no runbook recovers, and whose administrators are not the people who run runbooks.
--
-- A writer may insert, and nothing else: it can neither read, change, remove nor empty, nor say when a row
-- came, from where and from whom; the server fills that in. Rows are never in each other's way: a false one that
-- somebody puts in first keeps no true one out, and one that comes later shows when it came.
--
-- Afterwards, somebody who may read compares:
--
--	SELECT seq, type, at, head, recorded_at, recorded_by FROM lifeboat_anchor
--	WHERE run = '20261121T140732-7f3a' ORDER BY seq, recorded_at;
--	lifeboat verify --head HEAD 20261121T140732-7f3a
--
-- Not every record has a row: where the server was slow or away, only the latest head was sent. Each one
-- stands for all records before it.

BEGIN;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'lifeboat_anchor_writer') THEN
		CREATE ROLE lifeboat_anchor_writer NOLOGIN;
	END IF;
END
$$;

CREATE TABLE lifeboat_anchor (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	run         text NOT NULL CHECK (run ~ '^[0-9A-Za-z-]{1,63}$'),
	seq         bigint NOT NULL CHECK (seq >= 0),
	type        text NOT NULL CHECK (type ~ '^[a-z-]{1,32}$'),
	at          timestamptz NOT NULL,
	head        text NOT NULL CHECK (head ~ '^[0-9a-f]{64}$'),
	recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	recorded_by name NOT NULL DEFAULT session_user,
	recorded_from inet DEFAULT inet_client_addr()
);

CREATE INDEX lifeboat_anchor_run ON lifeboat_anchor (run, seq);

REVOKE ALL ON lifeboat_anchor FROM PUBLIC;
GRANT INSERT (run, seq, type, at, head) ON lifeboat_anchor TO lifeboat_anchor_writer;

COMMENT ON TABLE lifeboat_anchor IS
	'Heads of lifeboat''s journals, written while runs went on: see lifeboat(1), "Anchors"';
COMMENT ON COLUMN lifeboat_anchor.run IS 'id of the run';
COMMENT ON COLUMN lifeboat_anchor.seq IS 'number of the record that the head is of';
COMMENT ON COLUMN lifeboat_anchor.type IS 'type of that record';
COMMENT ON COLUMN lifeboat_anchor.at IS 'when the record was made, by the clock of the machine that runs it';
COMMENT ON COLUMN lifeboat_anchor.head IS 'SHA-256 of the record''s line: stands for it and all before it';
COMMENT ON COLUMN lifeboat_anchor.recorded_at IS 'when the row came, by the clock of this server';
COMMENT ON COLUMN lifeboat_anchor.recorded_by IS 'the role that connected';
COMMENT ON COLUMN lifeboat_anchor.recorded_from IS 'its address; null for a socket of this machine';

COMMIT;
