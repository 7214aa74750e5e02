import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { subjectOf } from '../../../core/notifications/mail-text.js';
import { NOTIFICATION_PROPERTIES, notificationSettings } from '../../../core/notifications/settings.js';
import { INITIAL_STATE, step } from '../../../core/notifications/state-machine.js';
import type { JobEvent } from '../../../core/notifications/state-machine.js';
import { DEFAULT_TOPICS, TOPICS } from '../../../core/notifications/topics.js';
import { MAIL_VARIABLES } from '../../../runtime/mail-settings.js';

const PAGE = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');

/** The rows of the table whose head begins with this, cell by cell, without backticks. */
function rowsOf(head: string): string[][] {
  const start = PAGE.split('\n').findIndex((line) => line.startsWith(`| ${head} |`));
  const rows = PAGE.split('\n').slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  const cells = (line: string): string[] => line.split('|').slice(1, -1);
  return rows.slice(0, end).map((line) => cells(line).map((cell) => cell.replaceAll('`', '').trim()));
}

const WORDS = { intermediate: 'running with error', failure: 'finished with error', recovery: 'success' };
const SETTINGS: Readonly<Record<string, Record<string, string>>> = {
  defaults: {},
  'ignored 1': { [NOTIFICATION_PROPERTIES.ignored]: '1' },
  repeat: { [NOTIFICATION_PROPERTIES.repeat]: 'true' },
};

describe('docs/notifications.md', () => {
  it('NTF-19: its example is what the state machine does', () => {
    for (const [name = '', ...mails] of rowsOf('Properties')) {
      const settings = notificationSettings(SETTINGS[name] ?? {});
      let state = INITIAL_STATE;
      const told = [true, true, false, true].map((fails) => {
        const events: JobEvent[] = fails ? ['firstFailure', 'failed'] : ['succeeded'];
        const sent = events.flatMap((event) => {
          const result = step(state, event, settings);
          state = result.state;
          return result.mail === null ? [] : [WORDS[result.mail]];
        });
        return sent.length === 0 ? '–' : sent.join(', ');
      });
      expect([name, ...mails]).toEqual([name, ...told]);
    }
    expect(rowsOf('Properties').map(([name]) => name)).toEqual(Object.keys(SETTINGS));
  });

  it('names every variable, topic, subject and property', () => {
    const variables = rowsOf('Variable').flatMap(([names = '']) => names.split(', '));
    expect(variables.sort()).toEqual(Object.keys(MAIL_VARIABLES).sort());
    expect(rowsOf('Topic').map(([topic]) => topic)).toEqual([...TOPICS]);
    expect(rowsOf('Topic').flatMap(([topic, , chosen]) => (chosen === 'chosen for you' ? [topic] : []))).toEqual([
      ...DEFAULT_TOPICS,
    ]);
    const kinds = ['intermediate', 'failure', 'recovery', 'held', 'reminder'] as const;
    expect(rowsOf('Subject').map(([subject]) => subject)).toEqual(kinds.map((kind) => subjectOf(kind, 'HR')));
    for (const name of Object.values(NOTIFICATION_PROPERTIES)) expect(PAGE).toContain(`| \`${name}\` |`);
  });
});
