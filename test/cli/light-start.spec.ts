import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STATIC_IMPORT = /^(?:import|export) (?!type)(?:[^;]*? from )?'([^']+)'/gms;

/** Packages that a module imports before it does anything, also through others. */
function packagesOf(file: string): string[] {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(STATIC_IMPORT)) {
      if (specifier.startsWith('.')) visit(resolve(dirname(path), specifier.replace(/\.js$/, '.ts')));
      else if (!specifier.startsWith('node:')) packages.add(specifier);
    }
  };
  visit(join(ROOT, file));
  return [...packages].sort();
}

it('a command that asks the API starts without what the others work with: Temporal, PostgreSQL, directories', () => {
  expect(packagesOf('cli/main.ts')).toEqual(['cli-table3', 'commander', 'pino', 'zod']);
  // It is what is looked at: the stack loads Temporal at once.
  expect(packagesOf('cli/stack.ts')).toContain('@temporalio/client');
});
