-- What the test knows of the database of a Management Plane: some tables, and an audit log.
CREATE TABLE node (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	path text NOT NULL UNIQUE,
	kind text NOT NULL,
	config jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE policy (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	node bigint NOT NULL REFERENCES node,
	spec jsonb NOT NULL
);
CREATE TABLE audit_log (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	"time" bigint NOT NULL,
	operation text NOT NULL,
	kind text NOT NULL
);
INSERT INTO node (path, kind) VALUES
	('organizations/reederei', 'organization'),
	('organizations/reederei/clusters/app-1', 'cluster'),
	('organizations/reederei/clusters/app-2', 'cluster'),
	('organizations/reederei/tenants/werft', 'tenant'),
	('organizations/reederei/tenants/werft/workspaces/dock', 'workspace');
INSERT INTO policy (node, spec) SELECT id, '{"mode": "strict"}' FROM node WHERE kind = 'workspace';
INSERT INTO audit_log ("time", operation, kind)
	SELECT 1764000000 + 60 * n, 'update', 'workspace' FROM generate_series(1, 40) AS n;
