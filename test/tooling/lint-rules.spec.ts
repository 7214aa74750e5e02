import { ESLint } from 'eslint';
import { describe, expect, it } from '@jest/globals';

const rulesUnderTest = new ESLint({
  // Type information needs real files; the rules of the layers do not.
  overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } }],
  ruleFilter: ({ ruleId }) =>
    /^(muster\/|max-lines|no-console|no-restricted-(syntax|properties|imports|globals))/.test(ruleId),
});

/** The rules that a text at this path breaks. */
async function broken(filePath: string, text: string): Promise<string[]> {
  const [result] = await rulesUnderTest.lintText(text, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe('import matrix', () => {
  it.each([
    ['core/a.ts', 'core may not import node:fs', "import { readFileSync } from 'node:fs';"],
    ['core/a.ts', 'core may not import state', "import { x } from '../state/x.js';"],
    ['workflows/a.ts', 'of activities only types', "import { createActivities } from '../activities/index.js';"],
    ['workflows/a.ts', 'no client', "import { Client } from '@temporalio/client';"],
    ['workflows/steps/a.ts', 'also not for a type', "import type { X } from '../../connectors/contract.js';"],
    ['connectors/scim/a.ts', 'CONN-CORE-01: nothing of jobs', "import { x } from '../../activities/index.js';"],
    ['connectors/scim/a.ts', 'CONN-CORE-01: nothing of the database', "import { x } from '../../state/x.js';"],
    [
      'workflows/a.ts',
      'CONN-CORE-03: no connector in deterministic code',
      "import { x } from '../connectors/registry.js';",
    ],
    ['connectors/scim/a.ts', 'no SQL', "import pg from 'pg';"],
    ['connectors/scim/a.ts', 'runtime only as ports', "import { x } from '../../runtime/x.js';"],
    ['activities/a.ts', 'no connector by name', "import { x } from '../connectors/scim/index.js';"],
    ['api/jobs/a.ts', 'no activities', "import { x } from '../../activities/index.js';"],
    ['api/jobs/a.ts', 'the real-time worker only from main', "import { x } from '../../worker/real-time.js';"],
    ['worker/a.ts', 'workflows by path only', "import { readJobWorkflow } from '../workflows/index.js';"],
    ['runtime/a.ts', 'nothing of the product', "import { x } from '../state/x.js';"],
    ['cli/commands/up.ts', 'no simulators outside the demo', "import { x } from '../../simulators/scim.js';"],
    ['state/a.ts', 'dynamic imports too', "export const x = () => import('../activities/index.js');"],
  ])('refuses in %s: %s', async (file, _why, text) => {
    expect(await broken(file, `${text}\n`)).toContain('muster/import-matrix');
  });

  it.each([
    ['core/a.ts', "import { z } from 'zod';"],
    ['workflows/a.ts', "import type { RunActivities } from '../activities/contract.js';"],
    ['connectors/scim/a.ts', "import { ConnectorError } from '../errors.js';"],
    ['connectors/scim/a.ts', "import type { Logger } from '../../runtime/logger.js';"],
    ['activities/a.ts', "import { createRegistry } from '../connectors/registry.js';"],
    ['api/main.ts', "import { x } from '../worker/real-time.js';"],
    ['api/jobs/a.ts', "import { pauseSignal } from '../../workflows/messages.js';"],
    ['cli/demo.ts', "import { x } from '../simulators/scim/index.js';"],
    ['cli/commands/demo.ts', "import { x } from '../../simulators/scim/index.js';"],
    ['test/a.spec.ts', "import { x } from '../simulators/scim/index.js';"],
  ])('allows in %s: %s', async (file, text) => {
    expect(await broken(file, `${text}\n`)).not.toContain('muster/import-matrix');
  });
});

describe('house rules', () => {
  it.each([
    [
      'the environment outside the configuration',
      'runtime/a.ts',
      'const x = process.env.HOME;',
      'no-restricted-properties',
    ],
    ['a console outside the command line', 'api/a.ts', "console.log('x');", 'no-console'],
    ['a re-export of everything', 'state/index.ts', "export * from './x.js';", 'no-restricted-syntax'],
    ['an enum', 'core/a.ts', 'enum Colour { red }', 'no-restricted-syntax'],
    ['a clock in core', 'core/a.ts', 'const now = Date.now();', 'no-restricted-globals'],
    ['random numbers in core', 'core/a.ts', 'const x = Math.random();', 'no-restricted-properties'],
    ['an undescribed export of core', 'core/a.ts', 'export const limit = 1;', 'muster/doc-comment'],
    ['an undescribed export of the contract', 'connectors/contract.ts', 'export interface X {}', 'muster/doc-comment'],
    ['a long workflow file', 'workflows/a.ts', '\n'.repeat(151), 'max-lines'],
    ['a long file', 'state/a.ts', '\n'.repeat(401), 'max-lines'],
    ['a file that grows long', 'state/a.ts', '\n'.repeat(301), 'muster/long-file'],
  ])('refuse %s', async (_what, file, text, rule) => {
    expect(await broken(file, text)).toContain(rule);
  });

  it.each([
    ['the environment in the configuration', 'runtime/config.ts', 'const x = process.env.HOME;'],
    ['a console in the command line', 'cli/a.ts', "console.log('x');"],
    ['a described export', 'core/a.ts', '/** At most one. */\nexport const limit = 1;'],
    ['a re-export by name', 'core/index.ts', "export { limit } from './limit.js';"],
  ])('allow %s', async (_what, file, text) => {
    expect(await broken(file, text)).toEqual([]);
  });
});
