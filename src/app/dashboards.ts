import { readdirSync, readFileSync } from 'node:fs';
import { FAMILIES } from '../ports/publisher.ts';

const FOLDER = new URL('../../grafana/dashboards/', import.meta.url);
const DEFAULT_PREFIX = 'openanomaly';
const FAMILY = new RegExp(`\\b${DEFAULT_PREFIX}_(${FAMILIES.join('|')})\\b`, 'g');

/**
 * The Grafana dashboards that come with the program: file name → JSON. They ask for `<prefix>_score` and so on;
 * self-metrics have one name everywhere.
 */
export function shippedDashboards(prefix: string): ReadonlyMap<string, string> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(
    files.sort().map((name) => {
      const text = readFileSync(new URL(name, FOLDER), 'utf8');
      return [name, text.replace(FAMILY, `${prefix}_$1`)];
    }),
  );
}
