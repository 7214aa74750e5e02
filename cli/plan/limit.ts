import { InvalidArgumentError, Option } from 'commander';

/** The most the API gives on one page. */
const MOST = 200;

/** The option `--limit <n>`: a number that the API takes, refused before anything is asked for. Stays text, because it goes into a query. */
export function limitOption(what: string, usual: number): Option {
  return new Option('--limit <n>', what).default(String(usual)).argParser(limitOf);
}

/** Throws InvalidArgumentError naming the limits. */
function limitOf(text: string): string {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > MOST)
    throw new InvalidArgumentError(`give a number between 1 and ${MOST}`);
  return text;
}
