import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import type { Evolution } from '../../simulators/evolution.js';
import { startBetterAuthScim } from '../../simulators/foreign/better-auth.js';
import { authorizationOf } from '../../simulators/foreign/foreign-server.js';
import type { ForeignScimServer } from '../../simulators/foreign/foreign-server.js';
import { startScimmy } from '../../simulators/foreign/scimmy.js';
import { generatePopulation } from '../../simulators/population.js';
import type { GeneratedPerson, Population } from '../../simulators/population.js';
import { SEED } from './landscape.js';
import type { DemoSource, DemoTarget, Landscape, LandscapeSize } from './landscape.js';
import { startRecordingProxy } from './recording-proxy.js';
import type { RecordingProxy } from './recording-proxy.js';

/** SCIMMY makes all its entities for each page, and never cuts one: few large pages. */
const SOURCE_PAGE = '500';
const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Starts SCIM servers that nobody of this project wrote (docs/compatibility.md): SCIMMY with people and groups, and as targets SCIMMY and Better Auth. */
export async function startForeignLandscape(size: LandscapeSize): Promise<Landscape> {
  const population = generatePopulation({ people: size.people, groups: size.groups, seed: SEED });
  const hr = await startScimmy({ people: population.people, groups: population.groups });
  const scimmy = await startScimmy();
  const betterAuth = await startBetterAuthScim();
  const scimmyProxy = await startRecordingProxy(scimmy.url);
  const betterAuthProxy = await startRecordingProxy(betterAuth.url);
  const patch = {
    'scim.support.patch.operation': 'true',
    'scim.max.concurrent.writes': String(size.concurrentWrites),
  };
  return {
    population,
    source: foreignSource(hr),
    targets: [
      foreignTarget('SCIMMY directory', scimmy, scimmyProxy, patch),
      foreignTarget('Better Auth', betterAuth, betterAuthProxy, patch),
    ],
    stop: async () => {
      await Promise.all([scimmyProxy, betterAuthProxy].map((proxy) => proxy.stop()));
      await Promise.all([hr, scimmy, betterAuth].map((server) => server.stop()));
    },
  };
}

function foreignSource(server: ForeignScimServer): DemoSource {
  return {
    name: 'HR directory',
    description: server.name,
    ...connectionTo(server, server.url, { 'scim.page.size': SOURCE_PAGE }),
    content: () => server.snapshot(),
    apply: (evolution) => applyOverScim(server, evolution),
  };
}

function foreignTarget(
  name: string,
  server: ForeignScimServer,
  proxy: RecordingProxy,
  properties: Readonly<Record<string, string>>,
): DemoTarget {
  return {
    name,
    description: server.name,
    ...connectionTo(server, proxy.url, properties),
    content: () => server.snapshot(),
    mark: () => proxy.writes(),
    writesSince: (mark) => proxy.writes() - mark,
    setWriteLatencyMs: (latencyMs) => proxy.setWriteLatencyMs(latencyMs),
  };
}

function connectionTo(
  { auth }: ForeignScimServer,
  url: string,
  more: Readonly<Record<string, string>>,
): Pick<DemoTarget, 'properties' | 'credentials'> {
  if (auth.kind === 'basic') {
    return { properties: { ...more, URL: url, User: auth.user }, credentials: { Password: auth.password } };
  }
  return {
    properties: { ...more, URL: url, Authentication: 'NoAuthentication' },
    credentials: { 'ips.http.header.Authorization': authorizationOf(auth) },
  };
}

/** Carries an evolution out by requests, as the HR department's own software would. The server gives joiners ids of its own. */
async function applyOverScim(server: ForeignScimServer, evolution: Evolution): Promise<Population> {
  const newIds = new Map<string, string>();
  for (const { id, ...person } of evolution.joinedPeople) {
    const created = await send(server, 'POST', '/Users', person);
    newIds.set(id, typeof created['id'] === 'string' ? created['id'] : '');
  }
  const population = withIds(evolution.population, newIds);
  for (const { id, title } of evolution.changedPeople) {
    await send(server, 'PATCH', `/Users/${id}`, patchOf({ op: 'replace', path: 'title', value: title ?? '' }));
  }
  for (const { id } of evolution.changedGroups) {
    const members = population.groups.find((group) => group.id === id)?.members ?? [];
    await send(server, 'PATCH', `/Groups/${id}`, patchOf({ op: 'replace', path: 'members', value: members }));
  }
  for (const id of evolution.leftPeopleIds) await send(server, 'DELETE', `/Users/${id}`);
  return population;
}

/** Joiners get no reports before the next evolution, so that nobody's manager has to be renamed. */
function withIds(population: Population, newIds: ReadonlyMap<string, string>): Population {
  const idOf = (id: string): string => newIds.get(id) ?? id;
  const renamed = (person: GeneratedPerson): GeneratedPerson => ({ ...person, id: idOf(person.id) });
  return {
    ...population,
    people: population.people.map((person) => (newIds.has(person.id) ? renamed(person) : person)),
    groups: population.groups.map((group) => ({
      ...group,
      members: group.members.map((member) => ({ ...member, value: idOf(member.value) })),
    })),
  };
}

function patchOf(operation: JsonObject): JsonObject {
  return { schemas: [PATCH_SCHEMA], Operations: [operation] };
}

async function send(server: ForeignScimServer, method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: authorizationOf(server.auth), 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} at ${server.name} was answered ${response.status}: ${text}`);
  const answer: unknown = text === '' ? {} : JSON.parse(text);
  return isJsonObject(answer) ? answer : {};
}
