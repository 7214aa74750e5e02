import { Command } from 'commander';
import { loadConfig, requireDatabaseUrl } from '../../runtime/config.js';
import { loadKeyring } from '../../runtime/secrets.js';

/** `muster migrate`: prepares the stores for a new version and ends. Any number of them may run at once. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database schema up to date (needs DATABASE_URL)')
    .option('--create-master-key', 'make the file MUSTER_MASTER_KEY_FILE when it does not exist yet')
    .option('--with-temporal', 'also register the search attributes with the Temporal namespace')
    .action(async (options: { createMasterKey?: boolean; withTemporal?: boolean }) => {
      const config = loadConfig();
      if (options.createMasterKey === true) await loadKeyring(config.masterKeyFile, { create: true });
      const { runMigrations } = await import('../../migrations/run.js');
      await runMigrations(requireDatabaseUrl(config));
      console.log('The database schema is up to date.');
      if (options.withTemporal !== true) return;
      const { registerSearchAttributes } = await import('../../runtime/search-attributes.js');
      await registerSearchAttributes(config.temporal);
      console.log(`Temporal namespace ${config.temporal.namespace} knows the search attributes.`);
    });
}
