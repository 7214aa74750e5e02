import { canonicalJson } from '../../core/canonical-json.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { ChangeView, DecisionView, PlanCounts, PlanView } from '../../state/plans/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import type { AttributeView, ChangeBody, PlanBody, PlanDetails } from './plans.schemas.js';

/** A plan as responses show it. */
export function toPlanBody(plan: PlanView): PlanBody {
  const { planNo: _planNo, sourceNo: _sourceNo, createdAt, completedAt, expiresAt, ...rest } = plan;
  return {
    ...rest,
    createdAt: isoInstant(createdAt),
    completedAt: completedAt && isoInstant(completedAt),
    expiresAt: isoInstant(expiresAt),
  };
}

/** A plan with its counts and what was decided about it. */
export function toPlanDetails(plan: PlanView, counts: PlanCounts, decisions: readonly DecisionView[]): PlanDetails {
  return {
    ...toPlanBody(plan),
    counts,
    decisions: decisions.map(({ at, filter, ...rest }) => ({
      ...rest,
      at: isoInstant(at),
      filter: isJsonObject(filter) ? filter : {},
    })),
  };
}

/** A change as responses show it; `content` is its opened content, where it is to be shown. */
export function toChangeBody(change: ChangeView, content?: JsonObject): ChangeBody {
  const {
    changeNo,
    targetNo: _targetNo,
    entityNo: _entityNo,
    content: _sealed,
    basis: _basis,
    attributes,
    match,
    matchBy,
    matchNote,
    ...rest
  } = change;
  return {
    ...rest,
    id: String(changeNo),
    attributeNames: [...attributes],
    risks: [...change.risks],
    match: match === null ? null : { outcome: match, by: [...matchBy], note: matchNote },
    decidedAt: change.decidedAt && isoInstant(change.decidedAt),
    endedAt: change.endedAt && isoInstant(change.endedAt),
    ...(content !== undefined && { attributes: attributesOf(change.attributes, content) }),
  };
}

/** Before → after of what changes; of a deletion everything that was last written (PLN-6). */
export function attributesOf(changed: readonly string[], content: JsonObject): AttributeView[] {
  const before = objectAt(content, 'before');
  const after = objectAt(content, 'after');
  const mappings = objectAt(content, 'mappings');
  const names = changed.length > 0 ? changed : Object.keys({ ...before, ...after }).sort();
  return names.map((name) => ({
    name,
    ...(before[name] !== undefined && { before: before[name] }),
    ...(after[name] !== undefined && { after: after[name] }),
    mapping: mappingOf(mappings, name),
  }));
}

/** The content of a change with what an earlier drift has found in the account, null for what it has not, in place of what was last written. */
export function withFound(content: JsonObject, found: JsonObject): JsonObject {
  const before = Object.entries({ ...objectAt(content, 'before'), ...found }).filter(([, value]) => value !== null);
  return { ...content, before: Object.fromEntries(before) };
}

function objectAt(content: JsonObject, name: string): JsonObject {
  const value = content[name];
  return isJsonObject(value) ? value : {};
}

/** The first mapping that gave a part of the attribute. */
function mappingOf(mappings: JsonObject, name: string): string | null {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const found = Object.keys(mappings).find((key) => key === pointer || key.startsWith(`${pointer}/`));
  const mapping = found === undefined ? null : mappings[found];
  return typeof mapping === 'string' ? mapping : null;
}

/** Marks what the target holds now beside what was last written. */
export function withLive(attributes: readonly AttributeView[], live: JsonObject | null): AttributeView[] {
  return attributes.map((attribute) => {
    const value: JsonValue | undefined = live?.[attribute.name];
    const known = attribute.before;
    const drifted = known !== undefined && (value === undefined || canonicalJson(value) !== canonicalJson(known));
    return { ...attribute, ...(value !== undefined && { live: value }), drifted };
  });
}
