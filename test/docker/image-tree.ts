import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY } from './compose-file.ts';

/** The user of the image. */
export const NOBODY = 65532;

/** Lays out the image's root file system in a folder, by the script that the Dockerfile runs. */
export function buildTree(folder: string): void {
  execFileSync(fileURLToPath(new URL('docker/tree.sh', REPOSITORY)), [folder], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Another root with the same files, which take no room: for what is mounted into it. */
export function copyTree(from: string, to: string): void {
  execFileSync('cp', ['-al', from, to]);
  // Folders that are written to are its own.
  mkdirSync(join(to, 'etc', 'openanomaly', 'rules'), { recursive: true });
}

/** Bytes of all files below a folder, as they would be in an image layer. */
export function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .filter((stat) => stat.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}

/** What runs a command with the tree as its root and the rights of nobody. */
export function inside(root: string): string[] {
  // Whoever has no rights to give away needs none for a root of their own.
  return process.getuid?.() === 0
    ? ['chroot', `--userspec=${NOBODY}:${NOBODY}`, root]
    : ['unshare', '--user', '--map-root-user', 'chroot', root];
}
