import type { JsonValue } from '../../core/json.js';
import { ConnectorError } from '../errors.js';
import type { HttpResponse } from '../http/http-response.js';
import type { ScimProfile } from './profile.js';
import { scimError } from './scim-error.js';

/** Answers to a create in which a text about something that exists is looked for. */
const WORDED = new Set([400, 422]);

/** The error of a create that was refused; `conflict` also where this server has its own way to say so (CONN-SCIM-51). */
export function createError(
  response: HttpResponse,
  sent: readonly JsonValue[],
  { statuses, texts }: ScimProfile['conflict'],
): ConnectorError {
  const error = scimError(response, sent);
  const text = WORDED.has(response.status) ? response.text.toLowerCase() : '';
  const isConflict = statuses.includes(response.status) || texts.some((part) => text.includes(part.toLowerCase()));
  if (!isConflict || error.kind === 'conflict') return error;
  const { safeMessage, adminMessage, status = response.status, vendorCode } = error;
  return new ConnectorError({
    kind: 'conflict',
    scope: 'entity',
    outcome: 'not-applied',
    safeMessage,
    adminMessage,
    status,
    ...(vendorCode === undefined ? {} : { vendorCode }),
  });
}
