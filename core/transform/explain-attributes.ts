import type { JsonObject, JsonValue } from '../json.js';
import { below } from './issues.js';
import type { Output } from './path/output.js';

/** Where an attribute of the result comes from. */
export interface AttributeSource {
  /** JSON pointer into the result, for example `/emails/0/value`. */
  readonly pointer: string;
  /** JSON pointer of the mapping in the transformation. */
  readonly mapping: string;
}

interface Leaf {
  readonly pointer: string;
  readonly text: string;
  readonly mapping: string;
}

/** A top-level attribute as it was after the last mapping. */
interface Tracked {
  readonly text: string;
  readonly leaves: readonly Leaf[];
}

/** Follows which mapping wrote which scalar of the output, by comparing it before and after each mapping. */
export class AttributeTracker {
  private attributes = new Map<string, Tracked>();

  /** To be called when a mapping has been executed. Most mappings touch one attribute: only what has another text is looked into. */
  update(output: Output, mapping: string): void {
    const now = new Map<string, Tracked>();
    for (const [name, value] of Object.entries(output.document)) {
      const text = JSON.stringify(value);
      const before = this.attributes.get(name);
      const isSame = before?.text === text && !mayHavePadding(text);
      now.set(name, isSame ? before : { text, leaves: leavesOf(name, value, output, mapping, before) });
    }
    this.attributes = now;
  }

  get sources(): readonly AttributeSource[] {
    return [...this.attributes.values()].flatMap(({ leaves }) =>
      leaves.map(({ pointer, mapping }) => ({ pointer, mapping })),
    );
  }
}

/** Padding looks like null: what was padding may be a value now, although the text is the same. */
function mayHavePadding(text: string): boolean {
  return text.includes('null');
}

function leavesOf(
  name: string,
  value: JsonValue,
  output: Output,
  mapping: string,
  before: Tracked | undefined,
): Leaf[] {
  const known = new Map(before?.leaves.map((leaf) => [leaf.pointer, leaf]));
  const leaves: Leaf[] = [];
  collect(value, below('', name), output, (pointer, text) => {
    const leaf = known.get(pointer);
    leaves.push(leaf?.text === text ? leaf : { pointer, text, mapping });
  });
  return leaves;
}

/** Scalars and empty containers; padding counts as absent. */
function collect(
  value: JsonValue,
  pointer: string,
  output: Output,
  found: (pointer: string, text: string) => void,
): void {
  const children = childrenOf(value, output);
  if (children === undefined || children.length === 0) {
    if (pointer !== '') found(pointer, JSON.stringify(value));
    return;
  }
  for (const [name, child] of children) collect(child, below(pointer, name), output, found);
}

function childrenOf(value: JsonValue, output: Output): [string, JsonValue][] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return Object.entries(value satisfies JsonObject);
  return value.filter((element) => !output.isPadding(element)).map((element, index) => [String(index), element]);
}
