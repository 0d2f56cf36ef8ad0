import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TECHNIQUES } from '../../src/score/techniques.ts';

const GUIDE = readFileSync('docs/detection.md', 'utf8');

describe('the guide to detection', () => {
  it.each(Object.keys(TECHNIQUES))('leads to a page of its own for %s', (name) => {
    expect(GUIDE).toContain(`[\`${name}\`](techniques/${name}.md)`);
    const page = readFileSync(`docs/techniques/${name}.md`, 'utf8');
    expect(page.split('\n')[0]).toBe(`# ${name}`);
    for (const heading of ['## How it scores', '## What it cannot see']) expect(page).toContain(heading);
  });

  it('shows pictures that are there and tell what they are', () => {
    const pictures = [...GUIDE.matchAll(/!\[([^\]]+)\]\(([^)]+)\)/g)];
    expect(pictures.length).toBeGreaterThan(4);
    for (const [, told, path] of pictures) {
      expect(told!.length).toBeGreaterThan(20);
      expect(existsSync(join('docs', path!))).toBe(true);
      expect(readFileSync(join('docs', path!), 'utf8')).toMatch(/<title>[^<]{10,}<\/title>/);
    }
  });
});
