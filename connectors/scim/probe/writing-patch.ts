import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import { attribute } from '../scim-envelope.js';
import { answerText } from './test-entities.js';
import type { WritingContext } from './writing-user.js';

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

interface PatchForm {
  readonly name: string;
  readonly operation: JsonObject;
  /** The attribute after the operation, where it was applied. */
  readonly place: readonly string[];
  readonly expected: JsonValue | undefined;
  readonly advice: string;
}

function patchForms(): readonly PatchForm[] {
  const needed = 'Use PUT: set scim.support.patch.operation to false.';
  return [
    {
      name: 'PATCH: replace by path',
      operation: { op: 'replace', path: 'title', value: 'By path' },
      place: ['title'],
      expected: 'By path',
      advice: needed,
    },
    {
      name: 'PATCH: replace by path of a part',
      operation: { op: 'replace', path: 'name.familyName', value: 'By part' },
      place: ['name', 'familyName'],
      expected: 'By part',
      advice: needed,
    },
    {
      name: 'PATCH: replace without path',
      operation: { op: 'replace', value: { title: 'Without path' } },
      place: ['title'],
      expected: 'Without path',
      advice: 'Not used by Muster, except for attributes whose name no path can hold.',
    },
    {
      name: 'PATCH: value path',
      operation: { op: 'replace', path: 'emails[type eq "work"].value', value: 'muster.probe@example.org' },
      place: ['emails', '0', 'value'],
      expected: 'muster.probe@example.org',
      advice: 'Not used by Muster: lists are written as a whole.',
    },
    {
      name: 'PATCH: remove',
      operation: { op: 'remove', path: 'title' },
      place: ['title'],
      expected: undefined,
      advice: needed,
    },
  ];
}

/** Tries each form of PATCH on the user: servers that take one may refuse, or silently pass over, another. */
export async function probePatchForms(context: WritingContext, id: string): Promise<void> {
  for (const form of patchForms()) await context.findings.attempt(form.name, () => patch(context, id, form));
}

async function patch(context: WritingContext, id: string, form: PatchForm): Promise<void> {
  const { entities, findings, features } = context;
  const claimed = features.patch === undefined ? undefined : features.patch ? 'offered' : 'not offered';
  const before = at(await entities.stored('user', id), form.place);
  const response = await entities.change('PATCH', 'user', id, patchBody(form.operation));
  if (response.status >= 300) {
    return findings.differs(form.name, `refused: ${answerText(response)}`, form.advice, claimed);
  }
  const after = at(await entities.stored('user', id), form.place);
  if (after === form.expected) return findings.works(form.name, String(response.status), claimed);
  const effect = JSON.stringify(after) === JSON.stringify(before) ? 'changes nothing' : 'does something else';
  findings.differs(form.name, `answers ${response.status} and ${effect}`, form.advice, claimed);
}

/** A PATCH message. */
export function patchBody(...operations: JsonObject[]): JsonObject {
  return { schemas: [PATCH_SCHEMA], Operations: operations };
}

function at(value: JsonValue | undefined, place: readonly string[]): JsonValue | undefined {
  let part = value;
  for (const step of place) {
    part = Array.isArray(part) ? part[Number(step)] : isJsonObject(part) ? attribute(part, step) : undefined;
  }
  return part ?? undefined;
}
