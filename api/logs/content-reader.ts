import { Inject, Injectable } from '@nestjs/common';
import { readStoredContent } from '../../core/logs/content.js';
import type { StoredContent } from '../../core/logs/content.js';
import { contentPlace, createBodySealer } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import type { InstallationKeys } from '../../runtime/secrets.js';
import type { SqlPool } from '../../state/database.js';
import { readContents } from '../../state/logs/contents.js';
import type { ContentKey } from '../../state/logs/contents.js';
import { INSTALLATION_KEYS, SQL_POOL } from '../infrastructure.js';

/** What stands where content was not traced, or is not kept any more (TRC-4, LOG-5). */
export const HIDDEN_CONTENT = '<hidden content>';

/** A record of a job with what its entity contained; undefined: that is hidden. */
export interface Opened<T> {
  readonly record: T;
  readonly content: StoredContent | undefined;
}

/** Opens what jobs have recorded of entities (TRC-9). */
@Injectable()
export class ContentReader {
  readonly #sealer: BodySealer;

  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(INSTALLATION_KEYS) keys: InstallationKeys,
  ) {
    this.#sealer = createBodySealer(keys.deriveKey('log-content'));
  }

  /** Records with their contents, in portions that fit into memory whatever they hold. */
  async *open<T extends { readonly content: ContentKey | null }>(
    runKey: string,
    result: string,
    records: readonly T[],
  ): AsyncGenerator<readonly Opened<T>[]> {
    for await (const few of readContents(this.pool, runKey, result, records))
      yield few.map(({ record, sealed }) => ({
        record,
        content: this.#opened(runKey, result, record.content, sealed),
      }));
  }

  #opened(runKey: string, result: string, key: ContentKey | null, sealed: Buffer | null): StoredContent | undefined {
    if (key === null || sealed === null) return undefined;
    return readStoredContent(this.#sealer.open(sealed, contentPlace(runKey, key.systemNo, key.type, result)));
  }
}
