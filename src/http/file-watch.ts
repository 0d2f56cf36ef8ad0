import { statSync } from 'node:fs';

/**
 * Tells cheaply whether one of some files was written or replaced since the last question: by a look at each, not at
 * its content. Links are followed, so the swap of a mounted ConfigMap or Secret shows.
 */
export class FileWatch {
  #seen: string | undefined;

  /** True at the first question and whenever something differs from the question before. */
  changed(files: readonly string[]): boolean {
    const seen = files.map(signatureOf).join('\n');
    if (seen === this.#seen) return false;
    this.#seen = seen;
    return true;
  }

  /** The next question is answered with true. */
  forget(): void {
    this.#seen = undefined;
  }
}

function signatureOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  // A file that is missing is a state as well: it comes back as a change.
  return stat === undefined ? `${file} -` : `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
