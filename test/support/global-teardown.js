/** Runs once after all suites: ends the servers that were started and removes their data. */
export default async function globalTeardown() {
  await globalThis.testServerBroker?.close();
}
