import { randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { compileTransformation } from '../../core/transform/index.js';
import type { TypeProgram, WriteContext } from '../../core/transform/index.js';

/** A context for writes: the target id is known, nothing is linked. */
export const WRITE_CONTEXT: WriteContext = {
  now: new Date(0),
  randomInt: (exclusiveMax) => randomInt(exclusiveMax),
  targetId: 't-1',
  resolve: ({ sourceIds }) => sourceIds.map(() => []),
};

/** The program of users; throws with the findings when the document does not compile. */
export function userProgram(document: JsonObject, direction: 'read' | 'write'): TypeProgram {
  const compiled = compileTransformation(document, { direction, properties: {} });
  const program = compiled.ok ? compiled.program.types.get('user') : undefined;
  if (program === undefined) throw new Error(`no program for users: ${JSON.stringify(compiled)}`);
  return program;
}

/** Attributes of one object of the entities for {@link manyMappings}. */
const ATTRIBUTES_PER_GROUP = 10;

/** Mappings as administrators have them: plain ones, some with a condition, a function or a default. */
export function manyMappings(count: number): JsonObject {
  const mappings: JsonValue[] = [{ sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' }];
  while (mappings.length < count) mappings.push(mappingAt(mappings.length));
  return { user: { mappings } };
}

/** An entity that has every attribute that {@link manyMappings} reads. */
export function entityFor(count: number): JsonObject {
  const entity: JsonObject = {};
  for (let number = 0; number < count; number += ATTRIBUTES_PER_GROUP) {
    const group: JsonObject = {};
    for (let member = number; member < number + ATTRIBUTES_PER_GROUP; member += 1)
      group[`a${member}`] = `value ${member}`;
    entity[groupName(number)] = group;
  }
  return asParsed(entity);
}

/** The object as it would be if it came as text: that is how entities come, and V8 keeps such objects in another form than built ones. */
export function asParsed(object: JsonObject): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(object));
  if (!isJsonObject(parsed)) throw new TypeError('an object stays an object');
  return parsed;
}

function mappingAt(number: number): JsonObject {
  const path = `$.${groupName(number)}.a${number}`;
  const plain = { sourcePath: path, targetPath: path };
  if (number % 5 === 1) return { ...plain, condition: `${path} != 'x'` };
  if (number % 5 === 2) return { ...plain, functions: [{ function: 'concatString', suffix: '-x' }] };
  if (number % 5 === 3) return { ...plain, optional: true, defaultValue: 'none' };
  return plain;
}

function groupName(number: number): string {
  return `group${Math.floor(number / ATTRIBUTES_PER_GROUP)}`;
}

/** Programs that are kept to see what one takes. */
const KEPT_PROGRAMS = 500;

/** Heap bytes of one compiled program, without its document. */
export function bytesPerProgram(document: JsonObject, direction: 'read' | 'write'): number {
  const kept: TypeProgram[] = [];
  kept.push(userProgram(document, direction));
  const before = heapAfterCollection();
  for (let made = 0; made < KEPT_PROGRAMS; made += 1) kept.push(userProgram(document, direction));
  const used = heapAfterCollection() - before;
  // Keeps the list alive until it is measured.
  return kept.length > KEPT_PROGRAMS ? used / KEPT_PROGRAMS : Number.NaN;
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  new Script('gc()').runInNewContext();
  return process.memoryUsage().heapUsed;
}
