import { createHmac, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { OpenAnomalyError } from '../errors.ts';

/** Answers kept per kind; a fleet of scrapers shares one password, so this is plenty. */
const KEPT_ANSWERS = 100;
/** Comparisons that may wait, at about a tenth of a second each. */
const MOST_WAITING = 16;

/** Salt and digest of random bytes that were thrown away: compared where there is no such user, so that both take as long. */
const NOBODYS_HASH = '8VYxskeUsFXCMF175T44qugDcwB8xFpVLJ4DCl7d.lVwngGUZ9S2S';
const USUAL_COST = '10';

/**
 * A comparison takes a tenth of a second of pure computing, which is not for the thread that serves. The code is given
 * as text, for a file of its own would have to be found in the sources by tests and in the build by the product.
 */
const COMPARE_CODE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { compareSync } = require(workerData.bcrypt);
  parentPort.on('message', ({ password, hash }) => parentPort.postMessage(compareSync(password, hash)));
`;
const BCRYPT = createRequire(import.meta.url).resolve('bcryptjs');

export type PasswordAnswer = 'right' | 'wrong' | 'busy';

/**
 * Compares passwords with bcrypt hashes, one at a time, in a thread that lives only while there is something to
 * compare. Answers are remembered: a scraper that comes every few seconds costs one comparison.
 */
export class PasswordChecker {
  /** So that the remembered answers do not hold passwords, not even in a form that could be searched offline. */
  readonly #secret = randomBytes(32);
  // Wrong answers are kept apart: whoever tries passwords must not push the right ones out.
  readonly #right = new Map<string, true>();
  readonly #wrong = new Map<string, true>();
  readonly #pending = new Map<string, Promise<PasswordAnswer>>();
  #queue: Promise<unknown> = Promise.resolve();
  #worker: Worker | undefined;
  #isClosed = false;

  /** @param hash undefined for a user that does not exist; `costLike` then says how long the answer shall take */
  async check(
    user: string,
    password: string,
    { hash, costLike }: { readonly hash: string | undefined; readonly costLike: string | undefined },
  ): Promise<PasswordAnswer> {
    const compared = hash ?? `$2b$${costLike?.slice(4, 6) ?? USUAL_COST}$${NOBODYS_HASH}`;
    const key = createHmac('sha256', this.#secret)
      .update(JSON.stringify([user, compared, password]))
      .digest('base64');
    if (this.#right.has(key)) return 'right';
    if (this.#wrong.has(key)) return 'wrong';
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= MOST_WAITING) return 'busy';
    const answer = this.#queue.then(async () => {
      const isRight = (await this.#compare(password, compared)) && hash !== undefined;
      remember(isRight ? this.#right : this.#wrong, key);
      return isRight ? 'right' : 'wrong';
    });
    this.#pending.set(key, answer);
    this.#queue = answer.catch(() => undefined).then(() => this.#finish(key));
    return answer;
  }

  /** Ends the thread, if one runs, with what it is comparing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  async #finish(key: string): Promise<void> {
    this.#pending.delete(key);
    if (this.#pending.size > 0) return;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #compare(password: string, hash: string): Promise<boolean> {
    if (this.#isClosed) throw new OpenAnomalyError('shutting_down', 'the server is closing');
    this.#worker ??= new Worker(COMPARE_CODE, { eval: true, workerData: { bcrypt: BCRYPT } });
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const settle = () => {
        worker.off('message', answered).off('error', failed).off('exit', ended);
      };
      const answered = (isRight: boolean) => {
        settle();
        resolve(isRight);
      };
      const failed = (error: Error) => {
        settle();
        if (this.#worker === worker) this.#worker = undefined;
        reject(error);
      };
      const ended = () => failed(new Error('the thread that compares passwords was ended'));
      worker.on('message', answered).on('error', failed).on('exit', ended);
      worker.postMessage({ password, hash });
    });
  }
}

function remember(answers: Map<string, true>, key: string): void {
  if (answers.size >= KEPT_ANSWERS) answers.delete(answers.keys().next().value!);
  answers.set(key, true);
}
