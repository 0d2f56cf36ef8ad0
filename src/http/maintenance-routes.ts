import type { IncomingMessage } from 'node:http';
import { OpenAnomalyError } from '../errors.ts';
import type { MaintenanceWindow } from '../evaluate/maintenance.ts';
import type { MaintenanceDesk } from '../evaluate/maintenance-desk.ts';
import { parseDuration } from '../series/duration.ts';
import { formatMatchers, type LabelMatcher, parseMatchers } from '../series/matcher.ts';
import { timeText } from '../wire/anomaly-json.ts';
import { apiData, apiError } from './api-reply.ts';
import { BadRequest, parseTime } from './query-params.ts';
import { readJson } from './read-body.ts';
import type { Reply } from './reply.ts';

export type MaintenanceApi = Pick<MaintenanceDesk, 'add' | 'end' | 'list'>;

/** A year: longer ones are a rule's affair. */
const LONGEST_MS = 366 * 86_400_000;
const LONGEST_TEXT = 1000;
const KEYS = ['pipelines', 'groups', 'matchers', 'start', 'end', 'duration', 'comment', 'created_by'];

export function listMaintenance(desk: MaintenanceApi, nowMs: number): Reply {
  return apiData({ windows: desk.list().map((window) => windowJson(window, nowMs)) });
}

/** `POST /api/v1/maintenance`: answers the window that was made, 201. */
export async function createMaintenance(request: IncomingMessage, desk: MaintenanceApi, nowMs: number): Promise<Reply> {
  try {
    const window = await desk.add(windowOf(await readJson(request), nowMs));
    return apiData(windowJson(window, nowMs), { status: 201 });
  } catch (error) {
    if (error instanceof BadRequest) return apiError('bad_data', error.message);
    if (error instanceof OpenAnomalyError && error.code === 'maintenance_full')
      return apiError('unavailable', error.message, 409);
    throw error;
  }
}

/** `DELETE /api/v1/maintenance/<id>`: one that has begun ends now, one that has not is forgotten. */
export async function endMaintenance(id: string, desk: MaintenanceApi): Promise<Reply> {
  if (await desk.end(id)) return apiData({ id });
  return apiError('not_found', `there is no maintenance window "${id}"`);
}

function windowOf(body: Readonly<Record<string, unknown>>, nowMs: number): Omit<MaintenanceWindow, 'id'> {
  for (const key of Object.keys(body))
    if (!KEYS.includes(key)) throw new BadRequest(`there is no field "${key}"; there are ${KEYS.join(', ')}`);
  const startMs = timeOf(body, 'start') ?? nowMs;
  const endMs = endOf(body, startMs);
  if (endMs <= startMs) throw new BadRequest('"end" is not after "start"');
  if (endMs <= nowMs) throw new BadRequest('"end" is over already');
  if (endMs - startMs > LONGEST_MS)
    throw new BadRequest('is longer than a year; write such times into "exclude" of a rule file');
  return {
    pipelines: namesOf(body, 'pipelines'),
    groups: namesOf(body, 'groups'),
    matchers: matchersOf(body['matchers']),
    startMs,
    endMs,
    comment: textOf(body, 'comment'),
    createdBy: textOf(body, 'created_by'),
  };
}

function endOf(body: Readonly<Record<string, unknown>>, startMs: number): number {
  const endMs = timeOf(body, 'end');
  const written = body['duration'];
  if ((endMs === undefined) === (written === undefined)) throw new BadRequest('either "end" or "duration" is needed');
  if (endMs !== undefined) return endMs;
  const spanMs = typeof written === 'string' ? parseDuration(written) : undefined;
  if (spanMs === undefined || spanMs === 0) throw new BadRequest('"duration" must be a duration such as "2h"');
  return startMs + spanMs;
}

function timeOf(body: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const written = body[key];
  if (written === undefined) return undefined;
  const timeMs = typeof written === 'string' || typeof written === 'number' ? parseTime(written) : undefined;
  if (timeMs === undefined)
    throw new BadRequest(`"${key}" must be a time such as "2026-03-01T12:00:00Z" or Unix seconds`);
  return timeMs;
}

function namesOf(body: Readonly<Record<string, unknown>>, key: string): string[] {
  const written = body[key] ?? [];
  if (!Array.isArray(written) || written.some((name) => typeof name !== 'string' || name === ''))
    throw new BadRequest(`"${key}" must be a list of names`);
  return written;
}

function textOf(body: Readonly<Record<string, unknown>>, key: string): string {
  const written = body[key] ?? '';
  if (typeof written !== 'string' || written.length > LONGEST_TEXT)
    throw new BadRequest(`"${key}" must be text of at most ${LONGEST_TEXT} characters`);
  return written;
}

/** One selector, or a list of matchers that must all hold. */
function matchersOf(written: unknown): LabelMatcher[] {
  const texts = written === undefined ? [] : Array.isArray(written) ? written : [written];
  return texts.flatMap((one) => {
    if (typeof one !== 'string') throw new BadRequest('"matchers" must be text such as "instance=~\\"web.*\\""');
    try {
      return parseMatchers(one);
    } catch (error) {
      throw new BadRequest(`matchers: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function windowJson(window: MaintenanceWindow, nowMs: number) {
  const { startMs, endMs } = window;
  return {
    id: window.id,
    state: nowMs < startMs ? 'pending' : nowMs < endMs ? 'active' : 'expired',
    pipelines: window.pipelines,
    groups: window.groups,
    matchers: formatMatchers(window.matchers),
    start: timeText(startMs),
    end: timeText(endMs),
    comment: window.comment,
    created_by: window.createdBy,
  };
}
