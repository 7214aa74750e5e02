import { Connection } from '@temporalio/client';
import type { TemporalConfig } from './config.js';
import { errorMessage } from './error-code.js';
import { temporalConnectionOptions } from './temporal-connection.js';

/** Keyword search attributes set when a workflow starts; the server refuses a start that names one it does not know. */
export const SEARCH_ATTRIBUTES = ['MusterSource', 'MusterJob', 'MusterTrigger'] as const;

/** `INDEXED_VALUE_TYPE_KEYWORD` of the Temporal API. */
const KEYWORD = 2;
/** A cluster that has just been started makes its namespace after its first answers. */
const TIMEOUT_MS = 60_000;
const POLL_MS = 1_000;

/**
 * Adds our search attributes to the namespace where they are missing; tries for a minute, because the namespace of a
 * new cluster appears late. Twice is harmless. A Temporal Cloud namespace gets them in its console instead.
 * @throws Error saying what the service answered last.
 */
export async function registerSearchAttributes(temporal: TemporalConfig): Promise<void> {
  const giveUpAt = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      await addMissing(temporal);
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) {
        const answer = errorMessage(error);
        throw new Error(`The search attributes cannot be added to namespace ${temporal.namespace}: ${answer}`, {
          cause: error,
        });
      }
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

async function addMissing(temporal: TemporalConfig): Promise<void> {
  const { namespace } = temporal;
  const connection = await Connection.connect(await temporalConnectionOptions(temporal));
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = SEARCH_ATTRIBUTES.filter((name) => known.customAttributes?.[name] === undefined);
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } finally {
    await connection.close();
  }
}
