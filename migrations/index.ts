import { Configuration1795200000000 } from './1795200000000-configuration.js';

/** All migrations in the order they run. A migration that has landed is never edited or removed. */
export const MIGRATIONS = [Configuration1795200000000];
