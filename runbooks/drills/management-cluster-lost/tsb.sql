-- The configuration of a small company, as its Management Plane had it on the day.

create table organizations (
	id          text primary key,
	title       text not null,
	created_at  timestamptz not null
);

create table tenants (
	id            text primary key,
	organization  text not null references organizations,
	title         text not null,
	created_at    timestamptz not null
);

create table workspaces (
	id          text primary key,
	tenant      text not null references tenants,
	title       text not null,
	namespaces  text[] not null,
	created_at  timestamptz not null
);

create table clusters (
	id               text primary key,
	organization     text not null references organizations,
	network          text not null,
	service_account  text not null,
	created_at       timestamptz not null,
	last_sync_time   timestamptz
);

create table policies (
	id          bigserial primary key,
	workspace   text not null references workspaces,
	kind        text not null,
	name        text not null,
	spec        jsonb not null,
	unique (workspace, kind, name)
);

create table users (
	id            text primary key,
	organization  text not null references organizations,
	display_name  text not null
);

-- time is in seconds since 1970.
create table audit_log (
	id         bigserial primary key,
	time       bigint not null,
	operation  text not null,
	resource   text not null,
	principal  text not null
);
create index audit_log_time on audit_log (time);

insert into organizations values ('harbour', 'Harbour Goods', now() - interval '612 days');

insert into tenants values
	('retail',   'harbour', 'Shops and web shop',       now() - interval '610 days'),
	('logistic', 'harbour', 'Warehouses and lorries',   now() - interval '540 days'),
	('finance',  'harbour', 'Accounts and payment',     now() - interval '533 days'),
	('platform', 'harbour', 'What all of them share',   now() - interval '610 days');

insert into workspaces values
	('storefront', 'retail',   'Web shop',          '{"app-1/shop","app-2/shop","app-3/shop"}', now() - interval '600 days'),
	('tills',      'retail',   'Tills of the shops', '{"app-1/tills"}',                         now() - interval '411 days'),
	('stock',      'logistic', 'Stock keeping',     '{"app-2/stock","app-3/stock"}',            now() - interval '520 days'),
	('routes',     'logistic', 'Routes of lorries', '{"app-2/routes"}',                         now() - interval '202 days'),
	('payment',    'finance',  'Payment',           '{"app-1/payment","app-3/payment"}',        now() - interval '500 days'),
	('gateways',   'platform', 'Gateways',          '{"app-1/gateways","app-2/gateways","app-3/gateways"}', now() - interval '605 days');

insert into clusters values
	('app-1', 'harbour', 'north', 'sa-app-1-52c1', now() - interval '598 days', now() - interval '47 minutes'),
	('app-2', 'harbour', 'north', 'sa-app-2-9b07', now() - interval '598 days', now() - interval '47 minutes'),
	('app-3', 'harbour', 'south', 'sa-app-3-e4d8', now() - interval '96 days',  now() - interval '48 minutes');

insert into users values
	('ana',    'harbour', 'Ana Brandt'),
	('jonas',  'harbour', 'Jonas Falk'),
	('mirela', 'harbour', 'Mirela Costa'),
	('gitops', 'harbour', 'Pipeline of the platform team');

insert into policies (workspace, kind, name, spec)
select w.id, k.kind, w.id || '-' || lower(k.kind) || '-' || n,
	jsonb_build_object('fqn', 'organizations/harbour/tenants/' || w.tenant || '/workspaces/' || w.id,
		'revision', n, 'labels', jsonb_build_object('team', w.tenant))
from workspaces w
cross join (values ('TrafficSetting'), ('SecuritySetting'), ('IngressGateway'), ('ServiceRoute')) k (kind)
cross join generate_series(1, 6) n;

insert into audit_log (time, operation, resource, principal)
select extract(epoch from now() - interval '49 minutes' - n * interval '37 minutes')::bigint,
	(array['create', 'update', 'update', 'update', 'delete'])[1 + n % 5],
	'organizations/harbour/' || (array['tenants/retail/workspaces/storefront', 'tenants/finance/workspaces/payment',
		'tenants/logistic/workspaces/stock', 'clusters/app-' || 1 + n % 3])[1 + n % 4],
	(array['gitops', 'ana', 'gitops', 'mirela', 'gitops', 'jonas'])[1 + n % 6]
from generate_series(0, 5199) n;
