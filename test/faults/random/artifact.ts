import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sql } from '../../../state/database.js';
import type { RandomScene } from './scene.js';
import type { Command } from './commands.js';

/** What a failed seed leaves behind. */
export interface Artifact {
  readonly seed: number;
  /** Shrunk: the shortest story that was found to fail. */
  readonly commands: readonly Command[];
  readonly violations: readonly string[];
  /** Jobs in order, the journals of all simulators, and the tables of the engine, as they were then. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

const FOLDER = fileURLToPath(new URL('../../../test-report/faults', import.meta.url));
const TABLES = [
  'run',
  'run_type',
  'run_target',
  'absence',
  'backlog',
  'link',
  'entity',
  'entity_log',
  'plan',
  'change',
  'plan_decision',
  'quarantine',
  'governor_use',
  'fault_witness',
];
/** Columns with hashes and sealed bodies say nothing to a reader. */
const OPAQUE = ['source_hash', 'target_hash', 'sent_keys', 'sent_keys_hash', 'frozen', 'content', 'digest'];

/** Everything that tells what happened in a scene. */
export async function collectEvidence({ world, ends }: RandomScene): Promise<Record<string, unknown>> {
  return {
    ends,
    source: world.source.simulator.journal.since(0),
    targets: Object.fromEntries(
      world.targets.map(({ system, simulator }) => [`${system.no} ${system.name}`, simulator.journal.since(0)]),
    ),
    tables: await readTables(world.engine.pool),
  };
}

/** The tables of the engine as they are now. */
export async function readTables(sql: Sql): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const table of TABLES) tables[table] = (await sql.query(`select * from ${table}`)).map(readable);
  return tables;
}

function readable(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      OPAQUE.includes(name) ? [] : [[name, Buffer.isBuffer(value) ? value.toString('hex') : value]],
    ),
  );
}

/** Writes the artifact and returns its file, relative to the project. */
export function writeArtifact(artifact: Artifact): string {
  return writeEvidence(`seed-${artifact.seed}`, artifact);
}

/** Writes what is known of a failure under a name, and returns its file, relative to the project. */
export function writeEvidence(name: string, evidence: object): string {
  const file = join(FOLDER, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(evidence, null, 1)}\n`);
  return `test-report/faults/${name}.json`;
}

/** The commands of an artifact. */
export function readArtifact(file: string): Pick<Artifact, 'seed' | 'commands'> {
  return JSON.parse(readFileSync(file, 'utf8')) as Artifact;
}
