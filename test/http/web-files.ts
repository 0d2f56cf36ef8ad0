import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatePath } from '../support/loopback.ts';

/** Hashes of `secret` at the least cost, in each of the spellings that tools write. */
export const PASSWORD_HASHES = {
  '2a': '$2a$04$m5rX8xhXXJ77zayqReBX.egoNNSww1pZLPTQNukxozsvQdEvleJo.',
  '2b': '$2b$04$eupVbHqqRO8/DCbcsClXtOEUnb658i3MdFPFJP6VAoIMM4pLIwaKG',
  '2y': '$2y$04$20ut.VMzLBGfJQwL/7eSxOMdKC7lnkyB5W1d6b8ZCCzOYsvQAUBn.',
} as const;

/** A folder with a web configuration file and the certificates of the tests beside it. */
export class WebFiles implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'openanomaly-web-'));
  readonly file = join(this.dir, 'web.yml');

  constructor(...lines: readonly string[]) {
    this.write(...lines);
    this.use('server', 'server');
    this.use('ca', 'ca');
  }

  write(...lines: readonly string[]): void {
    writeFileSync(this.file, `${lines.join('\n')}\n`);
  }

  /** Puts a certificate of the tests, and its key where there is one, under a name of the folder. */
  use(certificate: string, as: string): void {
    cpSync(certificatePath(`${certificate}.crt`), join(this.dir, `${as}.crt`));
    if (!certificate.endsWith('ca')) cpSync(certificatePath(`${certificate}.key`), join(this.dir, `${as}.key`));
  }

  put(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.dir, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
