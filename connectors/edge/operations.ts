import type { JsonObject, JsonValue } from '../../core/json.js';
import type { CallOptions, Change, Connector, Match, NativeEntity, Page, ValueHolder } from '../contract.js';
import { isJsonObject } from '../../core/json.js';
import type { EdgeOperation } from './messages.js';

/**
 * How the arguments and results of a connector cross that are more than JSON. Arguments are those of the method in their order, the options without
 * `signal` and `beforeWrite`, which stay on each side.
 */

/** A stand-in for the mark of {@link ValueHolder.without}: as long as the real ones, and nothing that anybody has. */
const MARK = '0edge0mark0z';

/** The arguments of a method as they are sent: nothing in them that JSON does not know. */
export function argsToSend(args: readonly unknown[]): unknown[] {
  return args.map(withoutFunctions);
}

/** Calls the method of the connector with arguments that have crossed. Throws what the method throws. */
export async function perform(
  connector: Connector,
  operation: EdgeOperation,
  args: readonly unknown[],
  options: CallOptions,
): Promise<unknown> {
  const method: unknown = Reflect.get(connector, operation);
  if (typeof method !== 'function') throw new Error(`the connector has no ${operation}`);
  const given = args.map((arg, index) =>
    // The last one holds the options.
    index === args.length - 1
      ? { ...asObject(arg), ...options }
      : operation === 'update' && index === 2
        ? asChange(arg)
        : arg,
  );
  const result: unknown = await Reflect.apply(method, connector, given);
  if (operation === 'readPage') return pageToSend(result as Page);
  if (operation === 'readOne') return result === null ? null : entityToSend(result as NativeEntity);
  if (operation === 'resolveExisting') return matchToSend(result as Match);
  if (operation === 'matchExisting') return (result as readonly Match[]).map(matchToSend);
  if (operation === 'readPresent') return result === null ? null : [...(result as ReadonlySet<string>)];
  if (operation === 'findHolders') return (result as readonly ValueHolder[]).map((one) => holderToSend(one, args[2]));
  return result ?? null;
}

/** The result of a method from what has crossed. */
export function resultOf(operation: EdgeOperation, value: unknown): unknown {
  if (operation === 'readPresent') return value === null ? null : new Set(value as string[]);
  if (operation === 'findHolders') return (value as JsonObject[]).map(holderOf);
  if (operation === 'completeCreate') return undefined;
  return value;
}

function withoutFunctions(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return arg;
  const { signal: _signal, beforeWrite: _beforeWrite, ...rest } = arg as Record<string, unknown>;
  const groups = rest['memberGroups'];
  return groups instanceof Set ? { ...rest, memberGroups: [...groups] } : rest;
}

function asChange(arg: unknown): Change {
  const { memberGroups, ...change } = asObject(arg);
  const groups = Array.isArray(memberGroups) ? { memberGroups: new Set(memberGroups as string[]) } : {};
  return { ...(change as unknown as Change), ...groups };
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function pageToSend(page: Page): Page {
  return { ...page, items: page.items.map(entityToSend) };
}

/** The body crosses in any case, so an image would only double the way. By name, because a body may be made by an accessor, which a copy leaves out. */
function entityToSend({ type, id, body, version, lastModified, membersUnknown }: NativeEntity): NativeEntity {
  return { type, id, body, ...(version !== undefined && { version }), lastModified, membersUnknown };
}

function matchToSend(match: Match): Match {
  return match.outcome === 'one' ? { ...match, entity: entityToSend(match.entity) } : match;
}

/** A body with another value is told by the texts that differ, with a stand-in for the mark. */
function holderToSend({ without, ...holder }: ValueHolder, body: unknown): object {
  const before = asObject(body);
  return { ...holder, changes: differences(before, without(before, MARK), []) };
}

interface TextChange {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

function holderOf(crossed: JsonObject): ValueHolder {
  const { changes, ...holder } = crossed;
  return {
    ...(holder as unknown as Omit<ValueHolder, 'without'>),
    without: (body, mark) =>
      (changes as unknown as readonly TextChange[]).reduce<JsonValue>(
        (changed, { path, text }) => withTextAt(changed, path, text.replaceAll(MARK, mark)),
        body,
      ) as JsonObject,
  };
}

function differences(
  before: JsonValue | undefined,
  after: JsonValue,
  path: readonly (string | number)[],
): TextChange[] {
  if (typeof after === 'string') return after === before ? [] : [{ path, text: after }];
  if (Array.isArray(after)) {
    const list = Array.isArray(before) ? before : [];
    return after.flatMap((item, index) => differences(list[index], item, [...path, index]));
  }
  if (!isJsonObject(after)) return [];
  const object = isJsonObject(before) ? before : {};
  return Object.entries(after).flatMap(([name, value]) => differences(object[name], value, [...path, name]));
}

function withTextAt(value: JsonValue, path: readonly (string | number)[], text: string): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (typeof step === 'number') {
    const list = Array.isArray(value) ? [...value] : [];
    list[step] = withTextAt(list[step] ?? null, rest, text);
    return list;
  }
  const object = asObject(value);
  return { ...object, [step]: withTextAt(object[step] ?? null, rest, text) };
}
