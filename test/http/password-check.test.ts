import { describe, expect, it } from 'vitest';
import { PasswordChecker } from '../../src/http/password-check.ts';
import { PASSWORD_HASHES } from './web-files.ts';

const hash = PASSWORD_HASHES['2b'];

describe('PasswordChecker', () => {
  it('says the same for a user who does not exist as for a wrong password', async () => {
    const checker = new PasswordChecker();
    expect(await checker.check('alice', 'secret', { hash, costLike: hash })).toBe('right');
    expect(await checker.check('alice', 'Secret', { hash, costLike: hash })).toBe('wrong');
    expect(await checker.check('bob', 'secret', { hash: undefined, costLike: hash })).toBe('wrong');
    expect(await checker.check('bob', 'secret', { hash: undefined, costLike: undefined })).toBe('wrong');
  });

  it('does not take an answer for one user or hash for that of another', async () => {
    const checker = new PasswordChecker();
    expect(await checker.check('a', 'secret', { hash, costLike: hash })).toBe('right');
    expect(await checker.check('a', 'secret', { hash: undefined, costLike: hash })).toBe('wrong');
    // Names and passwords that would read the same side by side.
    expect(await checker.check('a"', '', { hash, costLike: hash })).toBe('wrong');
  });

  it('compares once for requests that come together, and refuses those it has no room for', async () => {
    const checker = new PasswordChecker();
    const same = Array.from({ length: 40 }, () => checker.check('a', 'secret', { hash, costLike: hash }));
    const others = Array.from({ length: 40 }, (_, i) => checker.check('a', `no-${i}`, { hash, costLike: hash }));
    expect(new Set(await Promise.all(same))).toEqual(new Set(['right']));
    const answers = await Promise.all(others);
    expect(answers.slice(0, 15)).toEqual(Array(15).fill('wrong'));
    expect(answers.slice(15)).toEqual(Array(25).fill('busy'));
  });

  it('ends what waits when it is closed', async () => {
    const checker = new PasswordChecker();
    const costly = hash.replace('$04$', '$14$');
    const running = checker.check('a', 'secret', { hash: costly, costLike: hash });
    const waiting = checker.check('a', 'other', { hash: costly, costLike: hash });
    const outcomes = Promise.allSettled([running, waiting]);
    await new Promise((resolve) => setImmediate(resolve));
    await checker.close();
    expect((await outcomes).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  });
});
