import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';

/** The value at a JSON pointer (RFC 6901); undefined where there is none. */
export function valueAt(body: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = body;
  for (const step of stepsOf(pointer)) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isJsonObject(value)) value = value[step];
    else return undefined;
  }
  return value;
}

/** A copy of the body with the value at the pointer; missing objects on the way are made. `undefined` removes it. */
export function withValueAt(body: JsonObject, pointer: string, value: JsonValue | undefined): JsonObject {
  const copy = structuredClone(body);
  const steps = stepsOf(pointer);
  const last = steps.pop() ?? '';
  let place: JsonValue = copy;
  for (const step of steps) {
    const next: JsonValue | undefined = Array.isArray(place) ? place[Number(step)] : fieldOf(place, step);
    place = next === undefined || next === null ? put(place, step, {}) : next;
  }
  put(place, last, value);
  return copy;
}

function fieldOf(place: JsonValue, step: string): JsonValue | undefined {
  return isJsonObject(place) ? place[step] : undefined;
}

function put(place: JsonValue, step: string, value: JsonValue | undefined): JsonValue {
  if (Array.isArray(place) && value !== undefined) place[Number(step)] = value;
  else if (Array.isArray(place)) place.splice(Number(step), 1);
  else if (!isJsonObject(place)) throw new RangeError(`the sample has no place for ${step}`);
  else if (value === undefined) delete place[step];
  else place[step] = value;
  return value ?? null;
}

function stepsOf(pointer: string): string[] {
  if (pointer !== '' && !pointer.startsWith('/')) throw new RangeError(`${pointer} is no JSON pointer`);
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
