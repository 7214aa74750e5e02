import type { Condition } from '../condition/condition-model.js';
import { quote } from '../cursor.js';
import type { Path, Segment } from './path-model.js';

/** Prints the condition of a filter; given from outside because conditions contain paths. */
export type FilterPrinter = (condition: Condition) => string;

const SIMPLE_NAME = /^[\p{L}\p{N}_$-]+$/u;

/** Canonical text of a path: parsing it gives an equal path, equal paths have equal texts. */
export function printPath(path: Path, printFilter: FilterPrinter): string {
  const segments = path.segments.map((segment) => printSegment(segment, printFilter)).join('');
  return `${path.root}${segments}${printFunction(path.function)}`;
}

function printFunction(fn: Path['function']): string {
  if (fn === undefined) return '';
  return `.${fn.name}(${fn.name === 'index' ? fn.index : ''})`;
}

function printSegment(segment: Segment, printFilter: FilterPrinter): string {
  switch (segment.kind) {
    case 'member':
      return SIMPLE_NAME.test(segment.name) ? `.${segment.name}` : `[${quote(segment.name)}]`;
    case 'members':
      return `[${segment.names.map(quote).join(',')}]`;
    case 'project':
      return `.[${segment.names.map(quote).join(',')}]`;
    case 'index':
      return `[${segment.index}]`;
    case 'indexes':
      return `[${segment.indexes.join(',')}]`;
    case 'slice':
      return `[${segment.from ?? ''}:${segment.to ?? ''}]`;
    case 'wildcard':
      return '[*]';
    case 'filter':
      return `[?(${printFilter(segment.condition)})]`;
    case 'descend': {
      const inner = printSegment(segment.inner, printFilter);
      return inner.startsWith('.') ? `.${inner}` : `..${inner}`;
    }
  }
}
