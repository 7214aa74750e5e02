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

/** Follows which mapping wrote which scalar of the output, by comparing it before and after each mapping. */
export class AttributeTracker {
  private leaves = new Map<string, { readonly text: string; readonly mapping: string }>();

  /** To be called when a mapping has been executed. */
  update(output: Output, mapping: string): void {
    const now = new Map<string, { readonly text: string; readonly mapping: string }>();
    collect(output.document, '', output, (pointer, text) => {
      const before = this.leaves.get(pointer);
      now.set(pointer, before?.text === text ? before : { text, mapping });
    });
    this.leaves = now;
  }

  get sources(): readonly AttributeSource[] {
    return [...this.leaves].map(([pointer, { mapping }]) => ({ pointer, mapping }));
  }
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
