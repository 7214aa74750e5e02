import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { findServer, runProgram } from '../../simulators/directories/program.js';
import { ldifOf } from '../../simulators/directories/ldif.js';
import { slapdIsAvailable, startSlapd } from '../../simulators/directories/slapd.js';
import type { Slapd } from '../../simulators/directories/slapd.js';
import { personAt } from '../../simulators/population.js';
import { spawnScimSimulator } from '../../simulators/scim/spawn.js';
import type { BenchStack } from '../engine/stack.js';
import { addSystem } from '../engine/systems.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import type { BenchOptions } from '../options.js';
import type { RawMeasure } from '../raw/messages.js';
import { RawProcess } from '../raw/raw-process.js';
import type { ScenarioOutcome } from '../result.js';
import { SEED } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

/**
 * Each contestant reads so often, in turn, because the machine is not equally fast at all times; the best of them counts, because what disturbs a run
 * only makes it slower.
 */
const ROUNDS = 5;

/**
 * A full read of OpenLDAP in which nothing has changed, against a loop over the paged search of ldapts that maps by hand and keeps nothing. The
 * ratio compares the reading, without what opens and ends a job. Both ask the same real server, whose own speed limits them.
 * @throws Error where slapd is not installed.
 */
export async function ldapRead(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  if (!slapdIsAvailable())
    throw new Error('ldap-read needs slapd, slapadd and ldapsearch (packages slapd, ldap-utils)');
  const { entities, pageSizeEntities } = options;
  const slapd = await tools.use(startSlapd({ ldif: people(entities) }));
  tools.say('measuring slapd alone');
  const served = best(ROUNDS, () => ldapsearchSeconds(slapd, pageSizeEntities));
  const stack = await tools.stack();
  const target = await tools.use(spawnScimSimulator({ journal: { capacity: 2 * entities } }));
  const source = await addSystem(stack, {
    role: 'source',
    name: 'Directory',
    url: slapd.url,
    properties: {
      'ldap.user': slapd.rootDn,
      'ldap.user.path': slapd.peopleDn,
      'ldap.group.path': slapd.groupsDn,
      'ldap.page.size': String(pageSizeEntities),
    },
    secrets: { 'ldap.password': slapd.rootPassword },
  });
  await addSystem(stack, { role: 'target', name: 'Target', url: target.url });
  tools.say('first load');
  await measureJob(stack, source);
  const loop = await tools.use(startLoop(slapd, pageSizeEntities));
  const loops: RawMeasure[] = [];
  const jobs: MeasuredJob[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    tools.say(`round ${round} of ${ROUNDS}: R0, a raw loop over ldapts, and the engine`);
    loops.push(await loop.run());
    jobs.push(await measureJob(stack, source, { profile: options.profileFolder !== undefined && round === ROUNDS }));
  }
  const r0 = fastest(loops);
  const job = fastest(jobs);
  const intakes = await Promise.all(jobs.map(({ job: { runKey } }) => intakeSeconds(stack, runKey)));
  const intake = entities / Math.min(...intakes);
  const r0PerSecond = (entities / r0.elapsedMs) * 1_000;
  return {
    measures: {
      ...engineMeasures(job, entities),
      intakePerSecond: intake,
      r0: r0PerSecond,
      ratioR0: intake / r0PerSecond,
      r0CpuMicrosPerEntity: r0.cpuMicros / entities,
      ldapsearchPerSecond: entities / served,
    },
    invalidBecause: wrongResults(jobs, r0, entities),
  };
}

function startLoop(slapd: Slapd, pageSizeEntities: number): Promise<RawProcess> {
  return RawProcess.start({
    kind: 'openLdap',
    options: {
      url: slapd.url,
      user: slapd.rootDn,
      password: slapd.rootPassword,
      base: slapd.peopleDn,
      pageSizeEntities,
    },
  });
}

/** The same pages by OpenLDAP's own client, which writes them to nowhere. */
function ldapsearchSeconds(slapd: Slapd, pageSizeEntities: number): number {
  const startedAt = performance.now();
  const login = ['-x', '-H', slapd.url, '-D', slapd.rootDn, '-w', slapd.rootPassword];
  const query = [
    '-b',
    slapd.peopleDn,
    '-E',
    `pr=${pageSizeEntities}/noprompt`,
    '(objectClass=inetOrgPerson)',
    '*',
    '+',
  ];
  runProgram(findServer('ldapsearch') ?? 'ldapsearch', [...login, '-LLL', ...query]);
  return (performance.now() - startedAt) / 1_000;
}

/** From the beginning of the reading to the commit of its last page. */
async function intakeSeconds(stack: BenchStack, runKey: string): Promise<number> {
  const [row] = await stack.pool.query<{ seconds: number }>(
    `select extract(epoch from max(t.last_page_at) - min(p.started_at))::float8 as seconds
       from run_phase p join run_type t using (run_key, type) where run_key = $1 and p.phase = 'read'`,
    [runKey],
  );
  if (row === undefined) throw new Error(`run ${runKey} has read nothing`);
  return row.seconds;
}

function wrongResults(jobs: readonly MeasuredJob[], r0: RawMeasure, entities: number): string[] {
  const reasons = r0.entities === entities ? [] : [`R0 read ${r0.entities} of ${entities}`];
  for (const { job, statistics } of jobs) {
    if (job.status !== 'Success') reasons.push(`a job ended with ${job.status}`);
    const read = statistics.find((row) => row.systemName === 'Directory')?.read ?? 0;
    if (read !== entities) reasons.push(`the engine read ${read} of ${entities}`);
  }
  return reasons;
}

/** The people of the other scenarios as entries of a directory. */
function people(count: number): string {
  return ldifOf(Array.from({ length: count }, (_, number) => entryOf(personAt(number, SEED))));
}

function entryOf(person: JsonObject): readonly [string, Record<string, string>] {
  const name = isJsonObject(person['name']) ? person['name'] : {};
  const uid = text(person['userName']);
  return [
    `uid=${uid},ou=people,dc=example,dc=org`,
    {
      objectClass: 'inetOrgPerson',
      uid,
      cn: text(person['displayName']),
      sn: text(name['familyName']),
      givenName: text(name['givenName']),
      displayName: text(person['displayName']),
      mail: `${uid}@example.com`,
      title: text(person['title']),
      employeeNumber: text(person['externalId']),
      preferredLanguage: text(person['preferredLanguage']),
      telephoneNumber: '+00 555 1234567',
    },
  ];
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function best(rounds: number, measure: () => number): number {
  return Math.min(...Array.from({ length: rounds }, measure));
}

function fastest<T extends { readonly elapsedMs: number }>(runs: readonly T[]): T {
  return runs.reduce((one, other) => (other.elapsedMs < one.elapsedMs ? other : one));
}
