import { execFile } from 'node:child_process';
import { chownSync, existsSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.js';

/** PostgreSQL refuses to run as root. This says how its programs are started instead. */
export interface Identity {
  readonly wrapper: readonly string[];
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** For the log. */
  readonly description: string;
}

/** The uid and gid of *nobody*. */
const NOBODY = 65534;

/**
 * Decides how to run the programs that refuse root on the folder `dataDir`: as this user; or, when that is root, in a
 * user namespace where root is called *nobody* (files stay root's); or, where namespaces are forbidden, as the real
 * user *nobody*. A folder that *nobody* already owns stays with *nobody*: the namespace could not read it.
 */
export async function chooseIdentity(dataDir: string, searchPath: string): Promise<Identity> {
  if (process.getuid?.() !== 0) {
    return { wrapper: [], uid: undefined, gid: undefined, description: 'as the current user' };
  }
  const belongsToNobody = existsSync(dataDir) && statSync(dataDir).uid === NOBODY;
  const unshare = belongsToNobody ? undefined : findProgram('unshare', searchPath);
  if (unshare !== undefined) {
    const wrapper = [unshare, '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
    if (await runs([...wrapper, '/bin/true'])) {
      return { wrapper, uid: undefined, gid: undefined, description: 'root, in a user namespace' };
    }
  }
  return { wrapper: [], uid: NOBODY, gid: NOBODY, description: `root, as uid ${NOBODY}` };
}

/** Gives a file or folder to the identity, where that is another user than this one. */
export function giveTo(identity: Identity, path: string): void {
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(path, identity.uid, identity.gid);
}

/**
 * Makes sure that the identity can enter `dataDir` and run `program`: folders above them may be closed to others.
 * @throws Error saying what to do.
 */
export async function assertReachable(identity: Identity, dataDir: string, program: string): Promise<void> {
  const { uid, gid } = identity;
  if (uid === undefined || gid === undefined) return;
  if (await runs(['/bin/sh', '-c', 'cd "$1" && exec "$2" --version', 'sh', dataDir, program], { uid, gid })) return;
  throw new Error(
    `PostgreSQL refuses to run as root, user namespaces are not allowed here, and uid ${uid} cannot enter ${dataDir} ` +
      `or cannot run ${program}. Start Muster as another user, or put both where others may enter, or set DATABASE_URL.`,
  );
}

async function runs(line: readonly string[], as: { uid?: number; gid?: number } = {}): Promise<boolean> {
  const [command = '', ...args] = line;
  try {
    await promisify(execFile)(command, args, { timeout: 5000, ...as });
    return true;
  } catch {
    return false;
  }
}
