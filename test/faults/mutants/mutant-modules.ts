import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';

/** One place of the product that a broken engine does differently. */
export interface Edit {
  /** File of the product, from the root of the project. */
  readonly file: string;
  /** Text that stands in it exactly once. */
  readonly find: string;
  /** What the broken engine has there. */
  readonly broken: string;
  /** What kind of text that is; decides how the two are joined. */
  readonly as: 'expression' | 'statements' | 'sql';
}

/** A broken engine. */
export interface Mutant {
  /** Short and unique. */
  readonly name: string;
  readonly edits: readonly Edit[];
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = join(ROOT, 'test-report', 'mutants', String(process.pid));

/** The broken engine in force; undefined: the engine as it is. Read by the copies that {@link armMutants} makes. */
export function setMutant(name: string | undefined): void {
  Object.assign(globalThis, { musterMutant: name });
}

/**
 * Puts copies in the place of the files that the mutants break, once for all of them: each copy holds both texts and asks at run time
 * which one is wanted, so that one process can try one broken engine after the other. To be called before anything imports the engine.
 * @throws Error when a text is not in its file exactly once: the product has changed, and the mutant has to follow.
 */
export async function armMutants(mutants: readonly Mutant[]): Promise<void> {
  const files = inOrderOfImport([...new Set(mutants.flatMap(({ edits }) => edits.map(({ file }) => file)))]);
  const loaded = new Map<string, object>();
  for (const file of files) {
    const copy = copyOf(file);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, withImports(broken(file, mutants), file, copy));
    jest.unstable_mockModule(`../../../${file.replace(/\.ts$/, '.js')}`, () => loaded.get(file) ?? {});
  }
  // One after the other, each after those it imports: jest cannot link a module in the middle of linking another.
  for (const file of files) loaded.set(file, (await import(copyOf(file))) as object);
}

function copyOf(file: string): string {
  return join(FOLDER, file);
}

/** Files of the product, each after those of them that it imports, directly or not. */
function inOrderOfImport(files: readonly string[]): string[] {
  const ordered = new Set<string>();
  const visited = new Set<string>();
  const visit = (file: string): void => {
    if (visited.has(file)) return;
    visited.add(file);
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const [, path = ''] of source.matchAll(/^(?:import|export) (?!type)[^;]*? from '(\.{1,2}\/[^']+)'/gms))
      visit(relative(ROOT, resolve(dirname(join(ROOT, file)), path)).replace(/\.js$/, '.ts'));
    if (files.includes(file)) ordered.add(file);
  };
  for (const file of files) visit(file);
  return [...ordered];
}

/** Removes the copies. */
export function removeMutants(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

function broken(file: string, mutants: readonly Mutant[]): string {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const edits = mutants.flatMap(({ name, edits: all }) =>
    all.filter((edit) => edit.file === file).map((edit) => ({ name, edit })),
  );
  const byText = new Map<string, { name: string; edit: Edit }[]>();
  for (const one of edits) byText.set(one.edit.find, [...(byText.get(one.edit.find) ?? []), one]);
  let text = source;
  for (const [find, variants] of byText) {
    const times = source.split(find).length - 1;
    if (times !== 1) throw new Error(`${variants[0]?.name}: "${find}" stands ${times} times in ${file}, not once`);
    text = text.replace(find, () => variants.reduce((original, { name, edit }) => joined(name, edit, original), find));
  }
  return text;
}

function joined(name: string, { as, broken: other }: Edit, original: string): string {
  const asked = `globalThis.musterMutant === ${JSON.stringify(name)}`;
  switch (as) {
    case 'expression':
      return `(${asked} ? (${other}) : (${original}))`;
    case 'statements':
      return `if (${asked}) { ${other} } else { ${original} }`;
    case 'sql':
      return `\${${asked} ? \`${other}\` : \`${original}\`}`;
  }
}

/** Relative imports lead to the modules of the product, so that a copy shares everything with the engine around it. */
function withImports(text: string, file: string, copy: string): string {
  return text.replace(/(from |import\()'(\.{1,2}\/[^']+)'/g, (_whole, before: string, path: string) => {
    const target = resolve(dirname(join(ROOT, file)), path);
    return `${before}'${relative(dirname(copy), target)}'`;
  });
}
