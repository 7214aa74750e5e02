import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { EntityFailure, NativeEntity } from '../contract.js';
import { isConnectorError } from '../errors.js';
import { withUnknownMembers } from './member-lists.js';
import type { ShownMembers } from './member-lists.js';
import { protocolError } from '../http/http-error.js';
import type { ScimProfile } from './profile.js';
import { attribute, jsonBody } from './scim-envelope.js';
import type { ScimHttp } from './scim-http.js';
import type { ScimType } from './scim-settings.js';

/** Entities whose lists are read at the same time (contract.md §13). */
const AT_A_TIME = 4;
/** The list of each type that may be cut. */
const LISTS: Readonly<Record<ScimType, string>> = { group: 'members', user: 'groups' };

/** What became of the entities of a page. */
export interface CompletedPage {
  readonly items: readonly NativeEntity[];
  readonly failures: readonly EntityFailure[];
}

/** Members of groups and groups of users that a server gives in pages of their own (scim.md §6). */
export class MemberPages {
  constructor(
    private readonly http: ScimHttp,
    private readonly profile: ScimProfile,
  ) {}

  /**
   * The entities with their whole lists. One whose list cannot be had becomes a failure; a group that shows as many members as the server shows
   * at most is marked: what it hides would be taken for gone (CONN-SCIM-48, UNK-5).
   */
  async complete(
    type: ScimType,
    items: readonly NativeEntity[],
    signal: AbortSignal | undefined,
  ): Promise<CompletedPage> {
    const size = this.http.settings.listPaging[type];
    if (size === undefined) return { items: type === 'group' ? this.marked(items) : items, failures: [] };
    const results = new Map<string, NativeEntity | EntityFailure>();
    const waiting = items.filter(({ body }) => listOf(type, body).length >= size);
    const worker = async (): Promise<void> => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        results.set(item.id, await this.readList(type, item, size, signal));
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    const done = items.map((item) => results.get(item.id) ?? item);
    const entities = done.filter(isEntity);
    const complete = type === 'group' ? withUnknownMembers(entities, shownMembers) : entities;
    return { items: complete, failures: done.filter((one): one is EntityFailure => !isEntity(one)) };
  }

  private marked(items: readonly NativeEntity[]): NativeEntity[] {
    const limit = this.profile.members.shownAtMost;
    const isCut = ({ body }: NativeEntity): boolean => limit !== undefined && listOf('group', body).length === limit;
    return withUnknownMembers(
      items.map((item) => (isCut(item) ? { ...item, membersUnknown: 'cut' } : item)),
      shownMembers,
    );
  }

  private async readList(
    type: ScimType,
    entity: NativeEntity,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<NativeEntity | EntityFailure> {
    try {
      const list = await this.readPages(type, entity, size, signal);
      return { ...entity, body: { ...entity.body, [LISTS[type]]: list } };
    } catch (error) {
      // What concerns one entity must not fail the page; what concerns all of them must (CONN-CORE-21).
      if (!isConnectorError(error) || error.scope === 'system' || error.kind === 'cancelled') throw error;
      return { id: entity.id, message: `${type} whose ${LISTS[type]} cannot be read: ${error.safeMessage}` };
    }
  }

  private async readPages(
    type: ScimType,
    { id, body }: NativeEntity,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<JsonValue[]> {
    const label = `read ${LISTS[type]} of ${type}`;
    const path = this.http.entityPath(type, id, label);
    const shown = listOf(type, body).length;
    // A list that is longer than a page was not cut to one.
    const total = shown > size && shown !== this.profile.members.shownAtMost ? shown : Number.POSITIVE_INFINITY;
    const all: JsonValue[] = [];
    let previous = '';
    while (all.length < total) {
      const query = { attributes: LISTS[type], startIndex: all.length + 1, count: size };
      const response = await this.http.getOk({ label, kind: 'read', path, query, signal, sent: [id] });
      const page = listOf(type, jsonBody(response));
      const text = JSON.stringify(page);
      if (page.length > 0 && text === previous) {
        throw protocolError(response.operation, 'the server gives the same page again: it does not page');
      }
      previous = text;
      all.push(...page);
      if (page.length < size) break;
    }
    return all;
  }
}

function isEntity(one: NativeEntity | EntityFailure): one is NativeEntity {
  return 'body' in one;
}

function listOf(type: ScimType, body: JsonObject): readonly JsonValue[] {
  const list = attribute(body, LISTS[type]);
  return Array.isArray(list) ? list : isJsonObject(list) ? [list] : [];
}

function shownMembers({ body }: NativeEntity): ShownMembers {
  if (attribute(body, LISTS.group) === undefined) return 'none';
  return listOf('group', body).length > 0 ? 'some' : 'empty';
}
