/** `safe`: as PostgreSQL ships. `test`: nothing is written through, a crash of the machine may destroy the data. */
export type Durability = 'safe' | 'test';

/**
 * Settings of the embedded server, given on its command line so that a new version of Muster changes them without
 * touching the data folder.
 */
export function serverSettings(durability: Durability): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    // No replicas: less is written.
    wal_level: 'minimal',
    max_wal_senders: '0',
    // Compiling a statement costs more than the short statements of a job take.
    jit: 'off',
    // Dead rows of the queue are in the way of every short job that follows a long one.
    autovacuum_naptime: '10s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements and details of errors hold attribute values of people: they stay out of the log.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_min_messages: 'log',
    ...(durability === 'safe' ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
