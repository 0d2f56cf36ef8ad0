import { readFile } from 'node:fs/promises';
import { OpenAnomalyError } from '../../errors.ts';
import type { Secret } from '../../settings/settings.ts';

/** The text of a secret, its file read anew, without surrounding white space, as Prometheus reads it. */
export async function readSecret(secret: Secret | undefined): Promise<string | undefined> {
  if (secret === undefined) return undefined;
  if ('value' in secret) return secret.value;
  return readSecretFile(secret.file);
}

export async function readSecretFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new OpenAnomalyError(
      'file_unreadable',
      `cannot read the secret file ${path} (${reason}); it is read at each use`,
      {
        cause: error,
      },
    );
  }
}
