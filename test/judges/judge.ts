import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonValue } from '../../core/json.js';

/** Programs of the machine, not of the package. */
const JAVA = 'java';
const MAVEN = 'mvn';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What the judge says to a question: a value, that a path is missing, or that it refuses. */
export interface Verdict {
  readonly value?: JsonValue;
  readonly missing?: true;
  readonly error?: string;
}

/** A deliberate difference, with the rule that says so. */
export interface Deviation<Case> {
  readonly rule: string;
  readonly reason: string;
  readonly applies: (question: Case, verdict: Verdict) => boolean;
}

/** True where Java 17 or later and Maven are installed; elsewhere the judges cannot be asked. */
export function judgesAreAvailable(): boolean {
  const version = /version "(\d+)/.exec(spawnSync(JAVA, ['-version'], { encoding: 'utf8' }).stderr ?? '')?.[1];
  return Number(version ?? 0) >= 17 && spawnSync(MAVEN, ['--version']).status === 0;
}

/** Fetches the artifacts of pom.xml and gives their class path. */
export function classPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'judges-'));
  try {
    const file = join(folder, 'classpath');
    const options = [
      '-q',
      '-B',
      '-f',
      join(FOLDER, 'pom.xml'),
      'dependency:build-classpath',
      `-Dmdep.outputFile=${file}`,
    ];
    execFileSync(MAVEN, options, { stdio: 'pipe' });
    return readFileSync(file, 'utf8').trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks all questions of one kind at once; the verdicts are in their order. */
export function ask(path: string, questions: readonly JsonObject[]): Verdict[] {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const output = execFileSync(JAVA, ['-cp', path, join(FOLDER, 'Judge.java')], {
    input: `${input}\n`,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
}
