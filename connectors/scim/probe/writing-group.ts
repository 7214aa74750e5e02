import type { JsonObject } from '../../../core/json.js';
import { isJsonObject } from '../../../core/json.js';
import { jsonBody, metaInstant } from '../scim-envelope.js';
import { removalOf } from '../members.js';
import { answerText, memberIdsOf } from './test-entities.js';
import { patchBody } from './writing-patch.js';
import { clockStepMs, type WritingContext } from './writing-user.js';

/** The request is not offered, or not to this technical user. */
const NOT_OFFERED: readonly number[] = [403, 405, 501];

/** Creates a group of one user and tries everything on its members. */
export async function probeGroupWriting(context: WritingContext, userId: string): Promise<void> {
  const { entities, findings } = context;
  const id = await create(context, userId);
  if (id === undefined) return;
  await findings.attempt('group: members shown', () => shown(context, id, userId));
  await findings.attempt('group: time of change', () => timeOfChange(context, id, userId));
  await findings.attempt('group: last member', () => lastMember(context, id, userId));
  await findings.attempt('group: add and remove together', () => together(context, id, userId));
  const group = await entities.stored('group', id);
  if (memberIdsOf(group).length > 1) {
    findings.differs('group: members as a set', 'a member that is added twice is there twice', 'PUT heals it.');
  }
}

async function create(context: WritingContext, userId: string): Promise<string | undefined> {
  const { entities, findings, name } = context;
  const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: name, externalId: name };
  const members = [{ value: userId, type: 'User' }];
  const first = await entities.post('group', { ...body, members });
  if (first.id !== undefined) {
    findings.works('group: create', String(first.response.status));
    const isThere = (await shownMembers(context, first.id)).includes(userId);
    if (isThere) {
      findings.works('group: members on create', 'stored');
      return first.id;
    }
    if (await addMember(context, first.id, userId)) {
      findings.differs(
        'group: members on create',
        'dropped without a word',
        'The profile fills groups after they are made.',
      );
      findings.suggest('afterwards', 'members', 'onCreate');
    }
    return first.id;
  }
  const refusal = answerText(first.response);
  const empty = await entities.post('group', body);
  if (empty.id === undefined) {
    refused(context, refusal, empty.response.status);
    return undefined;
  }
  findings.works('group: create', String(empty.response.status));
  findings.differs('group: members on create', `refused: ${refusal}`, 'The profile fills groups after they are made.');
  findings.suggest('afterwards', 'members', 'onCreate');
  await addMember(context, empty.id, userId);
  return empty.id;
}

/** A server that has no such request has its groups made elsewhere: what can be written of them is members (CONN-CORE-12). */
function refused({ findings }: WritingContext, refusal: string, status: number): void {
  const found = `refused: ${refusal}`;
  if (!NOT_OFFERED.includes(status))
    return findings.differs('group: create', found, 'Do not provision groups to this system.');
  findings.suggest('members-only', 'groups');
  const advice = 'The profile writes the members of groups that exist, and creates and deletes none.';
  findings.differs('group: create', found, advice);
}

/** True when the member is there afterwards, or is not shown at all but the server took it. */
async function addMember(context: WritingContext, id: string, userId: string): Promise<boolean> {
  const { entities, findings } = context;
  const response = await entities.change('PATCH', 'group', id, patchBody(additionOf(userId)));
  if (response.status < 300) return (await shownMembers(context, id)).includes(userId);
  const text = answerText(response);
  findings.differs('PATCH: add members', `refused: ${text}`, 'Use PUT: set scim.support.patch.operation to false.');
  return false;
}

/** Where members are seen: alone, when asked for, in lists. */
async function shown(context: WritingContext, id: string, userId: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'group: members shown';
  const alone = memberIdsOf(await entities.stored('group', id)).includes(userId);
  const asked = memberIdsOf(await entities.stored('group', id, 'members')).includes(userId);
  const listed = await isListed(context, id, userId);
  if (alone && listed) return findings.works(name, 'alone and in lists');
  if (asked) {
    findings.suggest('on-request', 'members', 'shown');
    const where = alone ? 'alone, but not in lists' : 'only when they are asked for by name';
    return findings.differs(name, where, 'The profile asks for them by name.');
  }
  if (alone)
    return findings.differs(
      name,
      'alone, but not in lists',
      'As a source its groups look empty: do not read groups from it.',
    );
  findings.suggest('never', 'members', 'shown');
  findings.differs(name, 'never', 'As a source its groups look empty. As a target only known changes are written.');
}

async function shownMembers({ entities }: WritingContext, id: string): Promise<string[]> {
  const alone = memberIdsOf(await entities.stored('group', id));
  return alone.length > 0 ? alone : memberIdsOf(await entities.stored('group', id, 'members'));
}

async function isListed({ http, signal }: WritingContext, id: string, userId: string): Promise<boolean> {
  const path = http.collectionPath('group');
  const query = { startIndex: 1, count: 1000 };
  const response = await http.getOk({ label: 'list groups', kind: 'lookup', path, query, signal });
  const resources = jsonBody(response)['Resources'];
  const groups = Array.isArray(resources) ? resources.filter(isJsonObject) : [];
  const group = groups.find((candidate) => candidate['id'] === id);
  // A list that does not show the group within one page says nothing about members.
  return group === undefined || memberIdsOf(group).includes(userId);
}

async function timeOfChange(context: WritingContext, id: string, userId: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'group: time of change';
  const before = metaInstant(await entities.stored('group', id), 'lastModified');
  if (before === undefined) {
    findings.suggest(['user'], 'delta', 'types');
    return findings.differs(name, 'meta.lastModified is missing', 'Groups are read in full, also in delta jobs.');
  }
  await context.wait(clockStepMs(before));
  await entities.change('PATCH', 'group', id, patchBody({ ...removalOf(userId) }));
  await entities.change('PATCH', 'group', id, patchBody(additionOf(userId)));
  const after = metaInstant(await entities.stored('group', id), 'lastModified');
  if (after !== undefined && Date.parse(after) > Date.parse(before)) return findings.works(name, 'moves with members');
  const advice = 'Groups are read in full, also in delta jobs.';
  if (!isEmptyList(findings.profile)) findings.suggest(['user'], 'delta', 'types');
  findings.differs(name, 'meta.lastModified does not move with members', advice);
}

/** Users were found to be no delta type already. */
function isEmptyList(profile: JsonObject): boolean {
  const delta = profile['delta'];
  return isJsonObject(delta) && Array.isArray(delta['types']) && delta['types'].length === 0;
}

async function lastMember(context: WritingContext, id: string, userId: string): Promise<void> {
  const { entities, findings } = context;
  const removed = await entities.change('PATCH', 'group', id, patchBody({ ...removalOf(userId) }));
  const name = 'group: last member';
  if (removed.status >= 300) {
    return findings.differs(name, `cannot be removed: ${answerText(removed)}`, 'Such a group is reported as failed.');
  }
  const left = await shownMembers(context, id);
  if (left.includes(userId)) return findings.differs(name, `answers ${removed.status} and changes nothing`, 'Use PUT.');
  findings.works(name, 'can be removed');
  await entities.change('PATCH', 'group', id, patchBody(additionOf(userId)));
}

/** An addition of somebody who is there and a removal of somebody who is not, in one request: must leave the group as it is. */
async function together(context: WritingContext, id: string, userId: string): Promise<void> {
  const { entities, findings } = context;
  const name = 'group: add and remove together';
  const response = await entities.change('PATCH', 'group', id, patchBody({ ...removalOf(userId) }, additionOf(userId)));
  const left = response.status < 300 ? await shownMembers(context, id) : [];
  if (left.includes(userId)) return findings.works(name, String(response.status));
  findings.suggest(false, 'members', 'mixed');
  const found =
    response.status < 300 ? `answers ${response.status}, but the member is gone` : `refused: ${answerText(response)}`;
  findings.differs(name, found, 'The profile sends them in requests of their own.');
}

function additionOf(userId: string): JsonObject {
  return { op: 'add', path: 'members', value: [{ value: userId, type: 'User' }] };
}
