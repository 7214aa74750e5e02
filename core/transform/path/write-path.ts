import type { Budget } from '../budget.js';
import { EvaluationError } from '../evaluation-error.js';
import { isJsonObject } from '../../json.js';
import type { JsonObject, JsonValue } from '../../json.js';
import { canonicalText, copyMembers, copyValue, isObjectValue, memberOf, sameValue } from '../value.js';
import type { Value } from '../value.js';
import type { Output } from './output.js';
import type { TargetSegment } from './target-path.js';

/** Writes a value into the output; `root` is the input document, for `$` in filters. Throws `EvaluationError`. */
export type PathWriter = (output: Output, value: Value, root: Value, budget: Budget) => void;

/** What one write needs to know at every step. */
interface Write {
  readonly segments: readonly TargetSegment[];
  readonly output: Output;
  readonly root: Value;
  readonly budget: Budget;
  /** The path as written, for messages. */
  readonly text: string;
}

/** Positions above this are a mistake, not an intention: every lower position would be padded. */
const MAX_INDEX = 10_000;

/** Compiles a path for writing; `text` is the path as written in the document. */
export function compilePathWriter(segments: readonly TargetSegment[], text: string): PathWriter {
  const [first, second] = segments;
  if (first === undefined) return (output, value, _root, budget) => mergeRoot(output.document, value, text, budget);
  if (first.kind === 'member' && second === undefined) {
    const { name } = first;
    return (output, value, _root, budget) => {
      output.document[name] = copyValue(value, budget);
    };
  }
  const names = segments.map((segment) => (segment.kind === 'member' ? segment.name : undefined));
  if (names.every((name) => name !== undefined)) return compileMembersWriter(names, text);
  const creates = segments.map((_, position) => createsFrom(segments, position));
  return (output, value, root, budget) => {
    const write: Write = { segments, output, root, budget, text };
    writeAt(write, output.document, 0, value, creates);
  };
}

/** PTH-10 for paths of names only, which are most: no state is needed on the way. */
function compileMembersWriter(names: readonly string[], text: string): PathWriter {
  const parents = names.slice(0, -1);
  const last = names.at(-1) ?? '';
  return (output, value, _root, budget) => {
    let container = output.document;
    for (const name of parents) {
      const present = Object.hasOwn(container, name) ? container[name] : undefined;
      if (isJsonObject(present)) {
        container = present;
      } else {
        if (present !== undefined && present !== null) throw conflict(text);
        const created: JsonObject = {};
        container[name] = created;
        container = created;
      }
    }
    budget.spend(names.length);
    container[last] = copyValue(value, budget);
  };
}

/** PTH-9: the members of the value replace those of the same name. */
function mergeRoot(document: JsonObject, value: Value, text: string, budget: Budget): void {
  if (!isObjectValue(value)) throw new EvaluationError(`Only an object can be written to ${text}`);
  copyMembers(value, document, budget);
}

/** PTH-12, PTH-15: a path through elements that must exist already creates nothing on the way to them. */
function createsFrom(segments: readonly TargetSegment[], position: number): boolean {
  return segments
    .slice(position)
    .every((segment) => segment.kind !== 'wildcard' && (segment.kind !== 'filter' || segment.template !== undefined));
}

function writeAt(
  write: Write,
  container: JsonValue,
  position: number,
  value: Value,
  creates: readonly boolean[],
): void {
  const segment = write.segments[position];
  if (segment === undefined) return;
  const last = position === write.segments.length - 1;
  write.budget.spend(1);
  switch (segment.kind) {
    case 'member':
      return writeMember(write, container, segment.name, position, value, creates);
    case 'index':
      return writeIndex(write, arrayOf(write, container), segment.index, position, value, creates);
    case 'distribute':
      return distribute(write, arrayOf(write, container), segment.names, value);
    case 'wildcard': {
      const array = arrayOf(write, container);
      return writeElements(write, array, existing(write, array), position, value, last, creates);
    }
    case 'filter': {
      const array = arrayOf(write, container);
      const matching = existing(write, array).filter((index) => matches(write, segment.test, array[index]));
      if (matching.length > 0 || segment.template === undefined) {
        return writeElements(write, array, matching, position, value, last, creates);
      }
      const element = copyValue(segment.template, write.budget);
      writeAt(write, element, position + 1, value, creates);
      array.push(element);
    }
  }
}

function writeMember(
  write: Write,
  container: JsonValue,
  name: string,
  position: number,
  value: Value,
  creates: readonly boolean[],
): void {
  if (!isObjectValue(container)) throw conflict(write.text);
  write.output.fill(container);
  if (position === write.segments.length - 1) {
    container[name] = copyValue(value, write.budget);
    return;
  }
  const child = childFor(write, memberOf(container, name), position + 1, creates);
  if (child === undefined) return;
  container[name] = child;
  writeAt(write, child, position + 1, value, creates);
}

function writeIndex(
  write: Write,
  array: JsonValue[],
  index: number,
  position: number,
  value: Value,
  creates: readonly boolean[],
): void {
  if (index > MAX_INDEX) throw new EvaluationError(`The position in ${write.text} is beyond ${MAX_INDEX}`);
  const last = position === write.segments.length - 1;
  if (last && Array.isArray(value)) {
    if (value.length === 0) return;
    write.output.pad(array, index, false);
    insert(
      array,
      index,
      value.map((element) => copyValue(element, write.budget)),
    );
    return;
  }
  const next = write.segments[position + 1];
  write.output.pad(array, index, next?.kind === 'member');
  if (last) {
    array[index] = copyValue(value, write.budget);
    return;
  }
  const present = array[index];
  const usable = write.output.isPadding(present) && !isFillable(present, next) ? undefined : present;
  const child = childFor(write, usable, position + 1, creates);
  if (child === undefined) return;
  array[index] = child;
  writeAt(write, child, position + 1, value, creates);
}

/** Padding of objects is filled in place; padding of nothing is replaced by what the path needs. */
function isFillable(present: JsonValue | undefined, next: TargetSegment | undefined): boolean {
  return next?.kind === 'member' && present !== undefined && !Object.isFrozen(present);
}

/** The container for the next step: the present one, a new one, or undefined where nothing is to be created. */
function childFor(
  write: Write,
  present: JsonValue | undefined,
  position: number,
  creates: readonly boolean[],
): JsonValue | undefined {
  if (present !== undefined && present !== null) return present;
  if (creates[position] !== true) return undefined;
  return write.segments[position]?.kind === 'member' ? {} : [];
}

/** PTH-12: each element gets the value; an array of equal length is distributed by position. */
function writeElements(
  write: Write,
  array: JsonValue[],
  indexes: readonly number[],
  position: number,
  value: Value,
  last: boolean,
  creates: readonly boolean[],
): void {
  if (indexes.length === 0) return;
  const values = Array.isArray(value) ? value : undefined;
  if (values !== undefined && values.length !== indexes.length) {
    throw new EvaluationError(`${write.text} selects ${indexes.length} elements, but the value has ${values.length}`);
  }
  indexes.forEach((index, order) => {
    const share = values === undefined ? value : values[order];
    const element = array[index];
    if (share === undefined || element === undefined) return;
    if (last) array[index] = copyValue(share, write.budget);
    else writeAt(write, element, position + 1, share, creates);
  });
}

/** PTH-13, PTH-14: one element is appended for each value, unless an equal one is there. */
function distribute(write: Write, array: JsonValue[], names: readonly string[], value: Value): void {
  const values: readonly Value[] = Array.isArray(value) ? value : [value];
  const isNew = noveltyTest(write, array, values.length);
  for (const each of values) {
    const copy = copyValue(each, write.budget);
    const element = hasPath(copy, names) ? copy : wrap(copy, names);
    write.budget.spend(1);
    if (isNew(element)) array.push(element);
  }
}

/** Long lists of members are compared by hash: pair by pair would be quadratic. */
function noveltyTest(write: Write, array: JsonValue[], added: number): (element: JsonValue) => boolean {
  if (array.length + added <= 16) {
    return (element) => !array.some((present) => !write.output.isPadding(present) && sameValue(present, element));
  }
  write.budget.spend(array.length);
  const known = new Set(array.filter((present) => !write.output.isPadding(present)).map(canonicalText));
  return (element) => {
    const size = known.size;
    return known.add(canonicalText(element)).size > size;
  };
}

function hasPath(element: JsonValue, names: readonly string[]): boolean {
  let value: JsonValue | undefined = element;
  for (const name of names) value = memberOf(value, name);
  return value !== undefined;
}

function wrap(value: JsonValue, names: readonly string[]): JsonValue {
  return names.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), value);
}

/** Positions of the elements that are no padding. */
function existing(write: Write, array: readonly JsonValue[]): number[] {
  write.budget.spend(array.length);
  const indexes: number[] = [];
  array.forEach((element, index) => {
    if (!write.output.isPadding(element)) indexes.push(index);
  });
  return indexes;
}

function matches(
  write: Write,
  test: (root: Value, current: Value, budget: Budget) => boolean,
  element: JsonValue | undefined,
): boolean {
  return element !== undefined && test(write.root, element, write.budget);
}

/** PTH-11: `splice` with a spread fails on very long lists. */
function insert(array: JsonValue[], index: number, elements: readonly JsonValue[]): void {
  const tail = array.splice(index);
  for (const element of elements) array.push(element);
  for (const element of tail) array.push(element);
}

function arrayOf(write: Write, container: JsonValue): JsonValue[] {
  if (!Array.isArray(container)) throw conflict(write.text);
  return container;
}

/** PTH-18. */
function conflict(text: string): EvaluationError {
  return new EvaluationError(`The output already has a value of another kind on the way to ${text}`);
}
