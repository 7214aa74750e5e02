import { csvLine } from '../common/export.js';
import type { SimulatedResult } from './simulation.schemas.js';

const COLUMNS = [
  'entity',
  'sourceKey',
  'target',
  'targetKey',
  'result',
  'operation',
  'code',
  'reason',
  'compared',
  'facet',
  'risks',
  'attribute',
  'before',
  'after',
  'mapping',
];

/** One line for each result, or for each attribute of it where values are wanted. */
export async function* csvOfSimulation(portions: AsyncIterable<readonly SimulatedResult[]>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const results of portions) yield results.flatMap(linesOf).join('');
}

function linesOf(result: SimulatedResult): string[] {
  const about = [
    result.entity,
    result.sourceKey,
    result.targetName,
    result.targetKey ?? '',
    result.result,
    result.operation,
    result.code ?? '',
    result.reason ?? '',
    result.compared ?? '',
    result.facet ?? '',
    result.risks.join(' '),
  ];
  const { attributes = [] } = result;
  if (attributes.length === 0) return [csvLine([...about, result.attributeNames.join(' '), '', '', ''])];
  return attributes.map(({ name, mapping, before, after }) =>
    csvLine([
      ...about,
      name,
      before === undefined ? '' : JSON.stringify(before),
      after === undefined ? '' : JSON.stringify(after),
      mapping ?? '',
    ]),
  );
}
