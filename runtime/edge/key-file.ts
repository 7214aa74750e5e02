import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config.js';
import { errorCode } from '../error-code.js';
import { EdgeKeyError, edgeKeyFromPem, edgeKeyToPem, generateEdgeKey } from './keys.js';
import type { EdgeKeyPair } from './keys.js';

/**
 * The key pair of a location. The first edge worker makes the file, readable for its user only; others of the location get a copy of it. Throws
 * ConfigError for a file that holds something else.
 */
export async function loadEdgeKey(path: string): Promise<EdgeKeyPair> {
  await createKeyFile(path);
  try {
    return edgeKeyFromPem(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof EdgeKeyError ? error.message : 'it cannot be read';
    throw new ConfigError(`the key file ${path} cannot be used: ${reason}`, { cause: error });
  }
}

/** Written beside and linked into place: whoever sees the file sees a whole key, and an existing file is never replaced. */
async function createKeyFile(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, edgeKeyToPem(generateEdgeKey()), { flag: 'wx', mode: 0o600 });
  try {
    // Whatever the mask of the process says.
    await chmod(draft, 0o600);
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
