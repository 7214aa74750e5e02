import type { DataSource } from 'typeorm';
import { bootstrapAdministrator } from '../../state/config/index.js';
import { generatePassword, hashPassword } from './password.js';

/** Name of the administrator that every installation starts with. */
export const BOOTSTRAP_USER = 'admin';

/** Makes the first administrator when there is no user yet and returns the password; it is stored as a hash only. */
export async function bootstrapAdmin(dataSource: DataSource): Promise<string | undefined> {
  const password = generatePassword();
  const created = await bootstrapAdministrator(dataSource, BOOTSTRAP_USER, () => hashPassword(password));
  return created ? password : undefined;
}
