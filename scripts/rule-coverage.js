const RULE = /\b[A-Z]{2,}(?:-[A-Z]+)*-\d+\b/g;
/** A rule is defined where its id opens a list item in bold or a table row: `- **JOB-12** …`, `| **PRP-20** | …`, `| CONN-AD-25 | …`. */
const DEFINITION =
  /^\s*(?:[-*] \*\*([A-Z]{2,}(?:-[A-Z]+)*-\d+)\*\*|\| ?(?:\*\*)?([A-Z]{2,}(?:-[A-Z]+)*-\d+)(?:\*\*)? \|)/gm;

/** Ids of the rules that the texts define, sorted by prefix and number. */
export function definedRules(texts) {
  const ids = texts.flatMap((text) => [...text.matchAll(DEFINITION)].map((match) => match[1] ?? match[2]));
  return [...new Set(ids)].sort(byPrefixAndNumber);
}

/** Ids in the titles of tests that passed and asserted something. */
export function citedRules(tests) {
  const proving = tests.filter(({ status, assertions }) => status === 'passed' && assertions !== 0);
  return [...new Set(proving.flatMap(({ title }) => title.match(RULE) ?? []))].sort(byPrefixAndNumber);
}

/**
 * Resolves `{ "deferred": [{ "rules": ["CONN-LDAP", "JOB-7 to JOB-9", "API-3"], "reason": "…" }] }`: a bare prefix stands
 * for all its rules. What names no rule, or has no reason, is a mistake.
 */
export function deferredRules(file, rules) {
  const mistakes = [];
  const deferred = new Set();
  for (const { rules: entries, reason } of file.deferred) {
    if (typeof reason !== 'string' || reason.trim() === '') mistakes.push(`${entries.join(', ')}: no reason`);
    for (const entry of entries) {
      const found = rulesOf(entry, rules);
      if (found.length === 0) mistakes.push(`${entry}: no such rule`);
      found.forEach((rule) => deferred.add(rule));
    }
  }
  return { deferred: [...deferred], mistakes };
}

/** Per prefix: how many rules there are, how many are cited and deferred, and which are missing. Cited wins over deferred. */
export function compareRules(rules, cited, deferred) {
  const prefixes = [...new Set(rules.map(prefixOf))];
  return prefixes.map((prefix) => {
    const own = rules.filter((rule) => prefixOf(rule) === prefix);
    const isCited = (rule) => cited.includes(rule);
    const isDeferred = (rule) => !isCited(rule) && deferred.includes(rule);
    return {
      prefix,
      rules: own.length,
      cited: own.filter(isCited).length,
      deferred: own.filter(isDeferred).length,
      missing: own.filter((rule) => !isCited(rule) && !isDeferred(rule)),
    };
  });
}

/** The coverage as a text table with a line of totals. */
export function tableOf(coverage) {
  const sum = (pick) => coverage.reduce((total, prefix) => total + pick(prefix), 0);
  const rows = [
    ['prefix', 'rules', 'cited', 'deferred', 'missing'],
    ...coverage.map((p) => [p.prefix, p.rules, p.cited, p.deferred, p.missing.length]),
    ['all', sum((p) => p.rules), sum((p) => p.cited), sum((p) => p.deferred), sum((p) => p.missing.length)],
  ];
  return rows
    .map(([name, ...numbers]) => `${name.padEnd(14)}${numbers.map((n) => String(n).padStart(9)).join('')}`)
    .join('\n');
}

function rulesOf(entry, rules) {
  const range = /^([A-Z-]+)-(\d+) to ([A-Z-]+)-(\d+)$/.exec(entry);
  if (range === null) return rules.filter((rule) => rule === entry || prefixOf(rule) === entry);
  const [, from, first, to, last] = range;
  const isInside = (rule) =>
    prefixOf(rule) === from && numberOf(rule) >= Number(first) && numberOf(rule) <= Number(last);
  return from === to ? rules.filter(isInside) : [];
}

function prefixOf(rule) {
  return rule.slice(0, rule.lastIndexOf('-'));
}

function numberOf(rule) {
  return Number(rule.slice(rule.lastIndexOf('-') + 1));
}

function byPrefixAndNumber(left, right) {
  return prefixOf(left).localeCompare(prefixOf(right)) || numberOf(left) - numberOf(right);
}
