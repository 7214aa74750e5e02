import type { JsonObject } from '../../core/json.js';
import type { CallOptions } from '../contract.js';
import { partlyApplied } from '../errors.js';
import type { MemberOperations } from './patch-sender.js';
import { scimError } from './scim-error.js';
import type { ScimHttp, ScimWrites } from './scim-http.js';
import { isSuccess } from './write-answer.js';

const CONFLICT = 409;
const NOT_FOUND = 404;

/**
 * Members that come and go one by one under the address of their group (CONN-SCIM-77). Who is in it already, and who is not any more, is success
 * (CONN-CORE-54); a group that is gone is told by the additions.
 */
export async function writeSingleMembers(
  { http, writes }: { readonly http: ScimHttp; readonly writes: ScimWrites },
  groupId: string,
  { additions, removals }: MemberOperations,
  options: CallOptions,
): Promise<void> {
  const label = 'update group';
  const members = `${http.entityPath('group', groupId, label)}/members`;
  const write = async (method: 'POST' | 'DELETE', path: string, ignored: number, body?: JsonObject): Promise<void> => {
    const response = await writes.write({ label, method, path, options, ...(body !== undefined && { body }) });
    if (!isSuccess(response) && response.status !== ignored) throw scimError(response, [body ?? path]);
  };
  let hasBegun = false;
  try {
    for (const member of additions) {
      await write('POST', members, CONFLICT, member);
      hasBegun = true;
    }
    for (const id of removals) {
      await write('DELETE', `${members}/${encodeURIComponent(id)}`, NOT_FOUND);
      hasBegun = true;
    }
  } catch (error) {
    throw hasBegun ? partlyApplied(error) : error;
  }
}
