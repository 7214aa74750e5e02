import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import { attribute, listEnvelope, metaInstant, metaText, resourceId } from '../scim-envelope.js';
import { modifiedAfterFilter } from '../scim-filter.js';
import type { ProbeContext } from './reading.js';
import { answerText, type TestEntities } from './test-entities.js';
import { patchBody, probePatchForms } from './writing-patch.js';

/** What writing probes need. */
export interface WritingContext extends ProbeContext {
  readonly entities: TestEntities;
  /** Name of the test entities. */
  readonly name: string;
  wait(ms: number): Promise<void>;
}

/** Pages that are looked through for the change of a moment ago. */
const SEARCHED_PAGES = 20;
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** What a person looks like in the probe: everything that Muster's default transformation may write. */
export function probeUser(name: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
    userName: name,
    externalId: name,
    name: { givenName: 'Probe', familyName: 'Muster' },
    displayName: 'Muster Probe',
    nickName: 'Probe',
    title: 'Probe',
    userType: 'Probe',
    preferredLanguage: 'en',
    locale: 'en-GB',
    timezone: 'Europe/Berlin',
    active: true,
    emails: [{ value: `${name}@example.org`, type: 'work', primary: true }],
    phoneNumbers: [{ value: '+49 30 1234567', type: 'work' }],
    addresses: [{ type: 'work', locality: 'Berlin', country: 'DE' }],
    [ENTERPRISE]: { employeeNumber: '4711', department: 'Probe', costCenter: '1' },
  };
}

/** Creates a user and tries everything on it. Gives its id, or undefined where none can be made. */
export async function probeUserWriting(context: WritingContext): Promise<string | undefined> {
  const { entities, findings, name } = context;
  const body = probeUser(name);
  const id = await create(context, body);
  if (id === undefined) return undefined;
  await findings.attempt('user: identifier', () => identifier(context, id));
  await findings.attempt('user: conflict', () => conflict(context, body, id));
  await findings.attempt('user: time of change', () => timeOfChange(context, id));
  await probePatchForms(context, id);
  await findings.attempt('PUT: what is absent', () => putAbsent(context, id, body));
  await findings.attempt('version tags', () => versionTags(context, id, body));
  const stored = await entities.stored('user', id);
  booleans(context, stored);
  return id;
}

async function create(context: WritingContext, body: JsonObject): Promise<string | undefined> {
  const { entities, findings } = context;
  const name = 'user: create';
  let sent = body;
  let { response, id } = await entities.post('user', sent);
  if (id === undefined && response.status === 400) {
    // An extension that the server does not know is no reason to know nothing.
    const { [ENTERPRISE]: _, ...core } = body;
    sent = { ...core, schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] };
    ({ response, id } = await entities.post('user', sent));
    if (id !== undefined) {
      findings.differs('user: enterprise extension', 'refused with 400', 'Leave it out of the write transformation.');
    }
  }
  if (id === undefined) {
    findings.differs(name, `refused: ${answerText(response)}`, 'Nothing about writing users could be found out.');
    return undefined;
  }
  if (response.status === 201) findings.works(name, '201');
  else {
    const advice = 'What a create may have overwritten counts as existing before: it is never deleted by itself.';
    findings.differs(name, String(response.status), advice);
  }
  const echoed = response.text === '' ? undefined : (JSON.parse(response.text) as JsonValue);
  const stored = await entities.stored('user', id);
  const lost = Object.keys(sent).filter((attr) => attr !== 'schemas' && !isStored(sent[attr], attribute(stored, attr)));
  const echoedOnly = lost.filter((attr) => isJsonObject(echoed) && isStored(sent[attr], attribute(echoed, attr)));
  if (lost.length === 0) findings.works('user: attributes', 'all are stored');
  else {
    const lie = echoedOnly.length === 0 ? '' : `; though the answer to the create showed ${echoedOnly.join(', ')}`;
    const advice = 'Take them out of the write transformation, so that nobody believes they are there.';
    findings.differs('user: attributes', `not stored: ${lost.join(', ')}${lie}`, advice);
  }
  return id;
}

/** The answer to a create and a read spell the same identifier in the same way; otherwise whoever is found by it seems to be somebody else. */
async function identifier(context: WritingContext, id: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'user: identifier';
  const stored = resourceId(await entities.stored('user', id));
  if (stored === id) return findings.works(name, 'spelled the same everywhere');
  if (stored?.toLowerCase() !== id.toLowerCase()) {
    const advice = 'It cannot be told whether an answer is about the entity that was asked for: such a read fails.';
    return findings.differs(name, 'another one in a read by id than in the answer to the create', advice);
  }
  findings.suggest('any-case', 'ids');
  findings.differs(name, 'the same in another case in a read by id', 'The profile takes them for the same.');
}

async function conflict(context: WritingContext, body: JsonObject, id: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'user: conflict';
  const { response, id: second } = await entities.post('user', body);
  if (second === id) {
    const advice = 'An adopted user counts as existing before: it is never deleted by itself.';
    return findings.differs(name, `${response.status}: the existing user is taken over`, advice);
  }
  if (second !== undefined) {
    const advice = 'Set scim.user.unique.attribute and skipOperations create, so that users are looked up first.';
    return findings.differs(name, 'a second user of the same name was made', advice);
  }
  const text = answerText(response);
  if (response.status === 409 || (response.status === 400 && text.endsWith('uniqueness')))
    return findings.works(name, text);
  if (response.status >= 500) {
    const advice = 'The user is looked up after each such answer, and adopted if it is there.';
    return findings.differs(name, text, advice);
  }
  findings.differs(name, text, 'The profile takes this status for "exists already".');
  findings.suggest([response.status], 'conflict', 'statuses');
}

async function timeOfChange(context: WritingContext, id: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'user: time of change';
  const before = metaInstant(await entities.stored('user', id), 'lastModified');
  if (before === undefined) {
    findings.suggest([], 'delta', 'types');
    return findings.differs(name, 'meta.lastModified is missing', 'Every read is a full read.');
  }
  await context.wait(clockStepMs(before));
  await change(context, id);
  const after = metaInstant(await entities.stored('user', id), 'lastModified');
  if (after === undefined || Date.parse(after) <= Date.parse(before)) {
    findings.suggest([], 'delta', 'types');
    return findings.differs(
      name,
      'meta.lastModified does not move',
      'Deltas would miss changes: every read is a full read.',
    );
  }
  const found = await isFoundByTime(context, new Date(before), id);
  if (found) return findings.works(name, 'meta.lastModified moves, and the filter finds the change');
  findings.suggest([], 'delta', 'types');
  findings.differs(
    name,
    'meta.lastModified moves, but the filter does not find the change',
    'Every read is a full read.',
  );
}

/** Looks through what has changed since then, however small the pages are. */
async function isFoundByTime({ http, signal }: WritingContext, since: Date, id: string): Promise<boolean> {
  const path = http.collectionPath('user');
  const filter = modifiedAfterFilter(since);
  for (let page = 0, startIndex = 1; page < SEARCHED_PAGES; page++) {
    const query = { filter, startIndex, count: 100 };
    const response = await http.get({ label: 'list users', kind: 'lookup', path, query, signal });
    if (response.status !== 200) return false;
    const { resources, totalResults = 0 } = listEnvelope(response);
    if (resources.some((user) => isJsonObject(user) && resourceId(user)?.toLowerCase() === id.toLowerCase()))
      return true;
    startIndex += resources.length;
    if (resources.length === 0 || startIndex > totalResults) return false;
  }
  return false;
}

/** Any change that the server makes, and not only answers. */
async function change({ entities, name }: WritingContext, id: string): Promise<void> {
  const wanted = 'Changed';
  await entities.change('PATCH', 'user', id, patchBody({ op: 'replace', path: 'displayName', value: wanted }));
  if (attribute(await entities.stored('user', id), 'displayName') === wanted) return;
  await entities.change('PUT', 'user', id, { ...probeUser(name), id, displayName: wanted });
}

async function putAbsent(context: WritingContext, id: string, body: JsonObject): Promise<void> {
  const { entities, findings } = context;
  const name = 'PUT: what is absent';
  const full = { ...body, id, title: 'Here' };
  const { title: _, ...bare } = full;
  const first = await entities.change('PUT', 'user', id, full);
  if (first.status >= 300) {
    const advice = 'Use PATCH: set scim.support.patch.operation to true.';
    return findings.differs(name, `PUT is refused: ${answerText(first)}`, advice);
  }
  if (attribute(await entities.stored('user', id), 'title') !== 'Here')
    return findings.unknown(name, '"title" is not stored');
  await entities.change('PUT', 'user', id, bare);
  const left = attribute(await entities.stored('user', id), 'title');
  if (left !== 'Here') return findings.works(name, 'goes');
  await entities.change('PUT', 'user', id, { ...bare, title: null });
  const afterNull = attribute(await entities.stored('user', id), 'title');
  if (afterNull === 'Here') return findings.differs(name, 'stays, even when null is sent', 'Use PATCH.');
  findings.suggest('keeps', 'putAbsent');
  findings.differs(name, 'stays, unless null is sent', 'The profile sends null for what has vanished.');
}

async function versionTags(context: WritingContext, id: string, body: JsonObject): Promise<void> {
  const { entities, findings, features } = context;
  const name = 'version tags';
  const claimed = features.etag === undefined ? undefined : features.etag ? 'offered' : 'not offered';
  const version = metaText(await entities.stored('user', id), 'version');
  const stale = await entities.change('PUT', 'user', id, { ...body, id }, 'W/"muster-probe"');
  const isChecked = stale.status === 412 || stale.status === 428;
  if (isChecked) return findings.works(name, version === undefined ? 'checked' : 'given and checked', claimed);
  if (features.etag !== true) return findings.works(name, 'not checked', claimed);
  findings.suggest('never', 'etag');
  findings.differs(name, 'a stale tag is accepted', 'The profile sends none.', claimed);
}

function booleans({ findings }: WritingContext, stored: JsonObject): void {
  const active = attribute(stored, 'active');
  if (typeof active === 'boolean') return findings.works('booleans', 'JSON');
  if (typeof active !== 'string') return findings.unknown('booleans', '"active" is not stored');
  findings.suggest('text', 'booleans');
  findings.differs('booleans', `text: "${active}"`, 'The profile reads them as booleans and writes text.');
}

/** How long to wait for a time to be another one: many servers have whole seconds. */
export function clockStepMs(instant: string): number {
  return Date.parse(instant) % 1_000 === 0 ? 1_100 : 20;
}

/** Every part that was sent is there; servers may add their own. */
function isStored(sent: JsonValue | undefined, stored: JsonValue | undefined): boolean {
  if (Array.isArray(sent)) {
    return sent.every((one) => Array.isArray(stored) && stored.some((other) => isStored(one, other)));
  }
  if (isJsonObject(sent)) {
    return isJsonObject(stored) && Object.keys(sent).every((name) => isStored(sent[name], attribute(stored, name)));
  }
  return JSON.stringify(sent).toLowerCase() === JSON.stringify(stored ?? null).toLowerCase() || isTextOf(sent, stored);
}

/** `true` and "True" say the same. */
function isTextOf(sent: JsonValue | undefined, stored: JsonValue | undefined): boolean {
  return typeof sent === 'boolean' && typeof stored === 'string' && stored.toLowerCase() === String(sent);
}
