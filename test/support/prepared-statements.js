/**
 * Statements with parameters are prepared once for each connection. Each suite sends the same few hundred statements thousands of times to
 * tables of some rows: to parse and plan them anew takes PostgreSQL longer than everything else that it does for a suite.
 */
import pg from 'pg';

const names = new Map();
const { query } = pg.Client.prototype;

pg.Client.prototype.query = function prepared(text, values, callback) {
  if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0)
    return query.call(this, text, values, callback);
  return query.call(this, { name: nameOf(text), text, values }, callback);
};

function nameOf(text) {
  const known = names.get(text) ?? `muster_${names.size}`;
  names.set(text, known);
  return known;
}
