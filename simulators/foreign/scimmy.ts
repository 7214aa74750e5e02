import { randomUUID } from 'node:crypto';
import type ScimmyModule from 'scimmy';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import {
  authorizationOf,
  listen,
  loadForeign,
  type ForeignScimAuth,
  type ForeignScimServer,
} from './foreign-server.js';

/** What a server starts with. */
export interface ScimmyOptions {
  /** SCIM Users; their `id` is kept. */
  readonly people?: readonly JsonObject[];
  /** SCIM Groups; their `id` is kept. */
  readonly groups?: readonly JsonObject[];
  /** Major version of express; 4 unless said otherwise, which is what the routers were written for. */
  readonly express?: 4 | 5;
}

/** Entities of one server by type and id. SCIMMY leaves keeping them to the application that embeds it. */
interface Application {
  readonly users: Map<string, JsonObject>;
  readonly groups: Map<string, JsonObject>;
}

const AUTH: ForeignScimAuth = { kind: 'basic', user: 'muster', password: 'scimmy-test' };

/**
 * Starts an express application with SCIMMY and its routers. Everything of the protocol is SCIMMY's: schemas, filters, paging, PATCH;
 * the handlers here only keep entities, refuse a name that is taken, and take deleted users out of groups. Several servers may run at
 * once: SCIMMY's declarations are global, so each request brings its own application along.
 */
export async function startScimmy(options: ScimmyOptions = {}): Promise<ForeignScimServer> {
  const { default: express } =
    options.express === 5
      ? await loadForeign('express5', () => import('express5'))
      : await loadForeign('express', () => import('express'));
  const { default: scimmy } = await loadForeign('scimmy', () => import('scimmy'));
  const { default: ScimmyRouters } = await loadForeign('scimmy-routers', () => import('scimmy-routers'));
  declareResources(scimmy);

  const application: Application = { users: new Map(), groups: new Map() };
  for (const person of options.people ?? []) store(application.users, person, textOf(person, 'id'));
  for (const group of options.groups ?? []) store(application.groups, group, textOf(group, 'id'));

  const expected = authorizationOf(AUTH);
  const app = express();
  app.use(
    '/scim',
    new ScimmyRouters({
      type: 'basic',
      handler: (request: { header(name: string): string | undefined }) => {
        if (request.header('authorization') !== expected) throw new Error('wrong user or password');
        return 'muster';
      },
      context: () => application,
    }),
  );
  const { origin, stop } = await listen(app);
  return {
    name: `scimmy 1.3.5 with scimmy-routers 1.3.2 on express ${options.express ?? 4}`,
    url: `${origin}/scim`,
    auth: AUTH,
    snapshot: () =>
      Promise.resolve({ users: [...application.users.values()], groups: [...application.groups.values()] }),
    stop,
  };
}

let isDeclared = false;

function declareResources(scimmy: typeof ScimmyModule): void {
  if (isDeclared) return;
  isDeclared = true;
  const { Resources, Schemas } = scimmy;
  Resources.declare(Resources.User.extend(Schemas.EnterpriseUser, false))
    .ingress((resource, data, context) =>
      plain(write(scimmy, tableOf(context, 'users'), 'userName', resource.id, data)),
    )
    .egress((resource, context) => plain(read(scimmy, tableOf(context, 'users'), resource)))
    .degress((resource, context) => {
      remove(scimmy, tableOf(context, 'users'), resource.id);
      leaveGroups(tableOf(context, 'groups'), resource.id ?? '');
    });
  Resources.declare(Resources.Group)
    .ingress((resource, data, context) =>
      plain(write(scimmy, tableOf(context, 'groups'), 'displayName', resource.id, data)),
    )
    .egress((resource, context) => plain(read(scimmy, tableOf(context, 'groups'), resource)))
    .degress((resource, context) => remove(scimmy, tableOf(context, 'groups'), resource.id));
}

/** SCIMMY types what handlers return by its schema classes, but makes these itself from any object with their attributes. */
function plain(resource: JsonObject | JsonObject[]): never {
  return resource as never;
}

function tableOf(context: unknown, name: keyof Application): Map<string, JsonObject> {
  const table: unknown = typeof context === 'object' && context !== null ? Reflect.get(context, name) : undefined;
  if (table instanceof Map) return table as Map<string, JsonObject>;
  throw new Error('the request came without its application');
}

function write(
  scimmy: typeof ScimmyModule,
  table: Map<string, JsonObject>,
  unique: string,
  id: string | undefined,
  data: object,
): JsonObject {
  const before = id === undefined ? undefined : table.get(id);
  if (id !== undefined && before === undefined) throw new scimmy.Types.Error(404, '', `Resource ${id} not found`);
  const content: unknown = JSON.parse(JSON.stringify(data));
  if (!isJsonObject(content)) throw new TypeError('a resource must be an object');
  const name = textOf(content, unique).toLowerCase();
  for (const [otherId, other] of table) {
    if (otherId !== id && textOf(other, unique).toLowerCase() === name) {
      throw new scimmy.Types.Error(409, 'uniqueness', `${unique} is taken`);
    }
  }
  return store(table, content, id ?? randomUUID(), before);
}

function store(table: Map<string, JsonObject>, content: JsonObject, id: string, before?: JsonObject): JsonObject {
  const meta = before?.['meta'];
  const now = new Date().toISOString();
  const created = isJsonObject(meta) ? textOf(meta, 'created') : now;
  const resource = { ...content, id, meta: { created, lastModified: now } };
  table.set(id, resource);
  return resource;
}

/** The part of SCIMMY's request that reading needs. */
interface ReadRequest {
  readonly id?: string;
  readonly filter?: { match(values: JsonObject[]): unknown[] };
}

function read(
  scimmy: typeof ScimmyModule,
  table: Map<string, JsonObject>,
  request: ReadRequest,
): JsonObject | JsonObject[] {
  if (request.id !== undefined) {
    const found = table.get(request.id);
    if (found === undefined) throw new scimmy.Types.Error(404, '', `Resource ${request.id} not found`);
    return found;
  }
  const all = [...table.values()];
  return request.filter === undefined ? all : request.filter.match(all).filter(isJsonObject);
}

function remove(scimmy: typeof ScimmyModule, table: Map<string, JsonObject>, id: string | undefined): void {
  if (id === undefined || !table.delete(id)) throw new scimmy.Types.Error(404, '', `Resource ${id ?? ''} not found`);
}

function leaveGroups(groups: Map<string, JsonObject>, userId: string): void {
  for (const [id, group] of groups) {
    const members = Array.isArray(group['members']) ? group['members'] : [];
    const staying = members.filter((member) => !isJsonObject(member) || member['value'] !== userId);
    if (staying.length < members.length) groups.set(id, { ...group, members: staying });
  }
}

function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}
