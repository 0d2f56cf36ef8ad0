import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The part of docker-compose.yml that the tests look at, with merge keys resolved. */
export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** One entry of `volumes:` in its short form. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** A file or folder of the repository, not a named volume. */
  readonly isBind: boolean;
}

export const REPOSITORY = new URL('../../', import.meta.url);

export function readCompose(): ComposeFile {
  return parse(readFileSync(new URL('docker-compose.yml', REPOSITORY), 'utf8'), { merge: true }) as ComposeFile;
}

export function mountsOf({ volumes = [] }: Service): Mount[] {
  return volumes.map((text) => {
    const [source = '', target = '', mode = ''] = text.split(':');
    return { source, target, readOnly: mode === 'ro', isBind: source.startsWith('.') };
  });
}

/**
 * Text of the file with the paths of a container replaced by paths of this machine, and addresses by loopback ones. In
 * one pass, the longer of two that begin alike: what was replaced is not looked at again.
 */
export function translate(text: string, replaced: ReadonlyMap<string, string>): string {
  const keys = [...replaced.keys()].sort((a, b) => b.length - a.length);
  if (keys.length === 0) return text;
  const escaped = keys.map((key) => key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return text.replace(new RegExp(escaped.join('|'), 'g'), (key) => replaced.get(key)!);
}
