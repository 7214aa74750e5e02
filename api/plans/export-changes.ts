import { csvLine } from '../common/export.js';
import type { ChangeBody } from './plans.schemas.js';

const COLUMNS = [
  'id',
  'state',
  'verb',
  'class',
  'type',
  'target',
  'sourceKey',
  'targetKey',
  'attribute',
  'before',
  'after',
  'mapping',
  'facet',
  'risks',
  'reason',
] as const;

/** One line for each attribute of each change; a change without attributes has one line (PLN-7). */
export async function* csvOf(portions: AsyncIterable<readonly ChangeBody[]>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const changes of portions) yield changes.flatMap(linesOf).join('');
}

function linesOf(change: ChangeBody): string[] {
  const { attributes = [] } = change;
  const rows = attributes.length > 0 ? attributes : [{ name: '', mapping: null }];
  return rows.map((attribute) => {
    const { name, mapping } = attribute;
    const before = 'before' in attribute ? JSON.stringify(attribute.before) : '';
    const after = 'after' in attribute ? JSON.stringify(attribute.after) : '';
    const cells = [
      change.id,
      change.state,
      change.verb,
      change.class,
      change.type,
      change.targetName,
      change.sourceKey,
      change.targetKey ?? '',
      name,
      before,
      after,
      mapping ?? '',
      change.facet ?? '',
      change.risks.join(' '),
      change.reason ?? '',
    ];
    return csvLine(cells);
  });
}
