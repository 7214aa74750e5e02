import { Command } from 'commander';
import { loadConfig, requireDatabaseUrl } from '../../runtime/config.js';
import { loadKeyring } from '../../runtime/secrets.js';

/** `muster migrate`: brings the schema up to date and ends. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database schema up to date (needs DATABASE_URL)')
    .option('--create-master-key', 'make the file MUSTER_MASTER_KEY_FILE when it does not exist yet')
    .action(async (options: { createMasterKey?: boolean }) => {
      const config = loadConfig();
      if (options.createMasterKey === true) await loadKeyring(config.masterKeyFile, { create: true });
      const { runMigrations } = await import('../../migrations/run.js');
      await runMigrations(requireDatabaseUrl(config));
      console.log('The database schema is up to date.');
    });
}
