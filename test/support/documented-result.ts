import { readFileSync } from 'node:fs';

/** A row of the table of results in docs/errors.md. */
export interface DocumentedResult {
  /** The text with `…` for what differs. */
  readonly text: string;
  readonly whatHappened: string;
  readonly whatNext: string;
  readonly whatToDo: string;
}

/** The table that administrators read of what an entity says that failed. */
export function documentedResults(): DocumentedResult[] {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| Result of the entity \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, text = '', whatHappened = '', whatNext = '', whatToDo = '']) => ({
      text: /`(.*)`/.exec(text)?.[1] ?? '',
      whatHappened,
      whatNext,
      whatToDo,
    }));
}

/** The row that a message belongs to. Throws when it is in none, in several, or in one that leaves a question open. */
export function documentedResult(message: string | null | undefined): DocumentedResult {
  const [row, ...more] = documentedResults().filter(({ text }) => patternOf(text).test(message ?? ''));
  if (row === undefined || more.length > 0)
    throw new Error(`docs/errors.md has ${row === undefined ? 'no row' : 'several rows'} for: ${message}`);
  if ([row.whatHappened, row.whatNext, row.whatToDo].includes(''))
    throw new Error(`docs/errors.md leaves a question open: ${row.text}`);
  return row;
}

function patternOf(text: string): RegExp {
  const parts = text.split('…').map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}`, 's');
}
