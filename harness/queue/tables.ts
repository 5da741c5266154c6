/** Of our tables. Its number is theirs: another form of them is another schema, beside this one. */
export const SCHEMA = "resilver_hunt_2";
/** Of pg-boss's tables. */
export const BOSS_SCHEMA = "resilver_queue";

/** Two programs that make the same thing at once would fail at it: one waits for the other. */
export const LOCK = `select pg_advisory_xact_lock(hashtext('${SCHEMA}'))`;

/**
 * A campaign; its ranges, each a job that is done; a result a run. The keys are what makes two results of one run
 * impossible. Names are kept once a range: `reached` and the kinds of faults are places in `names`.
 */
export const TABLES = `
create schema if not exists ${SCHEMA};
create table if not exists ${SCHEMA}.campaign (
  id integer generated always as identity primary key,
  began timestamptz not null default now(),
  seen timestamptz not null default now(),
  ended timestamptz,
  status text not null default 'running',
  engine text not null,
  harness text not null,
  generator integer not null,
  version text not null,
  seed_from bigint not null,
  seed_to bigint not null,
  summary json
);
create table if not exists ${SCHEMA}.range (
  campaign integer not null references ${SCHEMA}.campaign on delete cascade,
  number integer not null,
  worker text not null,
  outcome text not null,
  names json not null,
  disputed boolean not null default false,
  primary key (campaign, number)
);
create table if not exists ${SCHEMA}.result (
  campaign integer not null,
  seed bigint not null,
  variant smallint not null,
  number integer not null,
  verdict text not null,
  history_hash text not null,
  events integer not null,
  fingerprints json not null,
  reached json not null,
  faults json not null,
  recovery json not null,
  record text,
  primary key (campaign, seed, variant),
  foreign key (campaign, number) references ${SCHEMA}.range on delete cascade
);
create index if not exists result_of_range on ${SCHEMA}.result (campaign, number);
`;
