import type { JsonObject } from '../json.js';
import { isJsonObject } from '../json.js';
import type { CompileContext } from './compile-context.js';
import type { CompiledFunction } from './functions/compile-function.js';
import { below } from './issues.js';

/** Keys whose texts only select: nothing of them gets into the output. */
const SELECTING_KEYS = new Set(['condition', 'sourcePath', 'sourcePaths', 'sourceVariable', 'variablePath']);

/**
 * True if a credential property can get into what a mapping writes. In a read transformation that is a mistake, which is reported:
 * the common JSON is stored and handed to every target (LNK-5).
 */
export function usesCredential(raw: JsonObject, pointer: string, context: CompileContext): boolean {
  const found = Object.entries(raw)
    .filter(([key]) => !SELECTING_KEYS.has(key))
    .flatMap(([key, value]) =>
      key === 'functions' && Array.isArray(value)
        ? value.map((fn, position) => ({
            place: below(below(pointer, key), position),
            value: isJsonObject(fn) ? withoutCondition(fn) : fn,
          }))
        : [{ place: below(pointer, key), value }],
    )
    .map(({ place, value }) => ({ place, names: context.credentialsIn(value) }))
    .filter(({ names }) => names.length > 0);
  if (context.direction === 'read') for (const { place, names } of found) refuse(place, names, context);
  return found.length > 0;
}

/** The same for what `randomPassword` makes: a read transformation would store it, and change every entity with every read (FNC-30). */
export function refuseGeneratedSecrets(
  functions: readonly CompiledFunction[],
  pointer: string,
  context: CompileContext,
): void {
  if (context.direction !== 'read') return;
  for (const { name, definition } of functions) {
    if (definition.generatesSecret !== true) continue;
    const message = `"${name}" has no place in a read transformation: its value would be stored with every entity and differ in every read. Use it in the write transformation of the target, with scope createEntity.`;
    context.issues.error('secretInRead', below(pointer, 'functions'), message, name);
  }
}

function withoutCondition(fn: JsonObject): JsonObject {
  const { condition: _condition, ...parameters } = fn;
  return parameters;
}

function refuse(place: string, names: readonly string[], context: CompileContext): void {
  for (const name of names) {
    const message =
      `"${name}" is a credential property; its value would be stored with every entity and reach every target. ` +
      'Set it as a property of the target that needs it and use it in the write transformation there; conditions may refer to it here.';
    context.issues.error('credentialInValue', place, message, `%${name}%`);
  }
}
