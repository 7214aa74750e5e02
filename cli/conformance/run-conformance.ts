import { pathToFileURL } from 'node:url';
import {
  CHECKS,
  readSystemFile,
  resultText,
  runConformance,
  summaryText,
  SystemFileError,
  type SystemUnderTest,
} from '../../connectors/conformance/index.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { ConnectorError } from '../../connectors/errors.js';
import { createRegistry } from '../../connectors/registry.js';

/** What `muster conformance` is asked for. */
export interface ConformanceOptions {
  readonly system: string;
  /** Ids; empty: all. */
  readonly check: readonly string[];
  readonly json?: boolean;
}

/** Exit codes: nothing failed, something failed, the file cannot be used. */
export const EXIT = { ok: 0, failed: 1, unusable: 2 } as const;

/** Runs the checks and tells the results. Returns the exit code. */
export async function runConformanceCommand(options: ConformanceOptions, say: (text: string) => void): Promise<number> {
  const unknown = options.check.find((id) => !CHECKS.some((check) => check.id === id));
  if (unknown !== undefined) {
    say(`--check ${unknown}: there is no such check; known are ${CHECKS.map(({ id }) => id).join(', ')}`);
    return EXIT.unusable;
  }
  let system: SystemUnderTest;
  try {
    system = await readSystemFile(options.system, findFactory);
  } catch (error) {
    if (!(error instanceof SystemFileError)) throw error;
    say(error.message);
    return EXIT.unusable;
  }
  const { results, leftBehind } = await runConformance(system, {
    ...(options.check.length === 0 ? {} : { only: options.check }),
    ...(options.json === true ? {} : { onResult: (result) => say(resultText(result)) }),
  });
  say(
    options.json === true ? JSON.stringify({ results, leftBehind }, null, 2) : `\n${summaryText(results, leftBehind)}`,
  );
  return results.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
}

/** A connector of the registry, or of a module whose default export makes one from what Muster gives it. */
async function findFactory(typeName: string, module: string | undefined): Promise<ConnectorFactory> {
  if (module === undefined) {
    const registry = createRegistry();
    const factory = registry.find(typeName);
    if (factory !== undefined) return factory;
    throw new SystemFileError(`type: there is no system type ${typeName}; known are ${registry.typeNames.join(', ')}`);
  }
  const loaded: unknown = await import(pathToFileURL(module).href).catch((error: unknown) => {
    throw new SystemFileError(`connector: ${module} cannot be loaded (${String(error)})`);
  });
  const make = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (typeof make !== 'function') throw new SystemFileError(`connector: ${module} has no function as default export`);
  const factory = (make as (sdk: ConnectorSdk) => ConnectorFactory)({ ConnectorError });
  if (factory.descriptor.typeName === typeName) return factory;
  throw new SystemFileError(`type: the connector is for ${factory.descriptor.typeName}, not for ${typeName}`);
}

/** What a connector of a third party needs of Muster beyond types. */
export interface ConnectorSdk {
  readonly ConnectorError: typeof ConnectorError;
}
