import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of one hash: 2^15 blocks of 1 kB = 32 MB, about 100 ms. Stored with each hash, so it may be raised later. */
const LOG2_COST = 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Hash of a password in the form `scrypt$<log2 cost>$<block size>$<parallelism>$<salt>$<hash>`, base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, LOG2_COST, BLOCK_SIZE, PARALLELISM);
  return ['scrypt', LOG2_COST, BLOCK_SIZE, PARALLELISM, salt.toString('base64'), hash.toString('base64')].join('$');
}

/**
 * Compares in constant time. Without a stored hash (unknown user) it takes as long and answers false, so that the time of the answer
 * does not tell which users exist.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme, cost, blockSize, parallelism, salt, hash] = (stored ?? '').split('$');
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) {
    await derive(password, randomBytes(SALT_BYTES), LOG2_COST, BLOCK_SIZE, PARALLELISM);
    return false;
  }
  const expected = Buffer.from(hash, 'base64');
  const salted = Buffer.from(salt, 'base64');
  const actual = await derive(password, salted, Number(cost), Number(blockSize), Number(parallelism));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** A password for people to copy: 24 characters, 144 random bits. */
export function generatePassword(): string {
  return randomBytes(18).toString('base64url');
}

function derive(
  password: string,
  salt: Buffer,
  log2Cost: number,
  blockSize: number,
  parallelism: number,
): Promise<Buffer> {
  const cost = 2 ** log2Cost;
  const options = { N: cost, r: blockSize, p: parallelism, maxmem: 256 * cost * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
