import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import type { PatchOperation } from '../../../connectors/scim/patch-diff.js';

/** The parts of RFC 7644 §3.5.2 that a client may rely on, written from the text of the standard, as an oracle for diffs. */
export function applyPatch(resource: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  const result = structuredClone(resource);
  for (const operation of operations) applyOperation(result, operation);
  return result;
}

function applyOperation(resource: JsonObject, operation: PatchOperation): void {
  if (operation.path === undefined) {
    if (operation.op === 'remove' || !isJsonObject(operation.value)) throw new Error('noTarget');
    for (const [name, value] of Object.entries(operation.value)) {
      const old = resource[name];
      resource[name] = isJsonObject(old) && isJsonObject(value) ? { ...old, ...value } : value;
    }
    return;
  }
  const steps = stepsOf(operation.path);
  const last = steps.at(-1) ?? '';
  let parent = resource;
  for (const step of steps.slice(0, -1)) {
    const child = parent[step];
    if (!isJsonObject(child) && operation.op === 'remove') return;
    parent = isJsonObject(child) ? child : (parent[step] = {});
  }
  const old = parent[last];
  if (operation.op === 'remove') delete parent[last];
  else parent[last] = newValue(operation.op, old, operation.value);
}

function newValue(op: 'add' | 'replace', old: JsonValue | undefined, value: JsonValue): JsonValue {
  if (op === 'add' && Array.isArray(old)) return [...old, ...(Array.isArray(value) ? value : [value])];
  // "If the target location specifies a complex attribute, a set of sub-attributes … replaces any existing values or adds".
  if (isJsonObject(old) && isJsonObject(value)) return { ...old, ...value };
  return value;
}

/** `urn:…:attr.sub` and `attr.sub`; the URN itself may hold dots. */
function stepsOf(path: string): string[] {
  const extension = /^(urn:.*):([^:]+)$/i.exec(path);
  const [prefix, rest] = extension === null ? [[], path] : [[extension[1] ?? ''], extension[2] ?? ''];
  return [...prefix, ...rest.split('.')];
}

/** Without what says "no value" (RFC 7643 §2.5), for comparing. */
export function withoutEmpty(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutEmpty).sort(byText);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, member]): [string, JsonValue] => [name, withoutEmpty(member)])
    .filter(([, member]) => !isNothing(member))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function isNothing(value: JsonValue): boolean {
  if (value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

function byText(a: JsonValue, b: JsonValue): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
