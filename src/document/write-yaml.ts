import { stringify } from 'yaml';

/**
 * YAML of plain values. Written for readers of 1.1 as well, such as Go's: what they might take for a boolean or a number
 * is quoted. Lines are never folded.
 */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
