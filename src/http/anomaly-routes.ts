import type { IncomingMessage } from 'node:http';
import type { EventBook, EventFilter } from '../evaluate/event-book.ts';
import type { Incident } from '../evaluate/incidents.ts';
import { compileMatchers, parseMatchers } from '../series/matcher.ts';
import { anomalyJson, timeText } from '../wire/anomaly-json.ts';
import { apiData, apiError } from './api-reply.ts';
import { BadRequest, checkNames, flagParam, paramsOf, textParam, timeParam, wholeParam } from './query-params.ts';
import type { Reply } from './reply.ts';

const DEFAULT_LIMIT = 1000;
const MOST_LIMIT = 10_000;
/** Anomalies shown of one incident: the first ones, which are where it began. */
const SHOWN_ANOMALIES = 100;

const PARAMS = ['pipeline', 'group', 'match[]', 'since', 'until', 'open', 'limit'];

/** `GET /api/v1/anomalies`: newest first. */
export function listAnomalies(request: IncomingMessage, book: Pick<EventBook, 'list'>): Reply {
  return answering(() => {
    const { filter, limit } = filterOf(request);
    const found = book.list(filter);
    return apiData({ anomalies: found.slice(0, limit).map(anomalyJson) }, { warnings: cut(found.length, limit) });
  });
}

/** `GET /api/v1/incidents`: anomalies of a group that overlap, as one; newest first. */
export function listIncidents(request: IncomingMessage, book: Pick<EventBook, 'incidents'>): Reply {
  return answering(() => {
    const { filter, limit } = filterOf(request);
    const found = book.incidents(filter);
    return apiData({ incidents: found.slice(0, limit).map(incidentJson) }, { warnings: cut(found.length, limit) });
  });
}

/** A mistake of the client becomes an answer; anything else goes on. */
export function answering(reply: () => Reply): Reply {
  try {
    return reply();
  } catch (error) {
    if (error instanceof BadRequest) return apiError('bad_data', error.message);
    throw error;
  }
}

function filterOf(request: IncomingMessage): { readonly filter: EventFilter; readonly limit: number } {
  const params = paramsOf(request.url);
  checkNames(params, PARAMS);
  const pipeline = textParam(params, 'pipeline');
  const group = textParam(params, 'group');
  const sinceMs = timeParam(params, 'since');
  const untilMs = timeParam(params, 'until');
  const selectors = params.getAll('match[]');
  return {
    limit: wholeParam(params, 'limit', MOST_LIMIT) ?? DEFAULT_LIMIT,
    filter: {
      ...(pipeline !== undefined && { pipeline }),
      ...(group !== undefined && { group }),
      ...(sinceMs !== undefined && { sinceMs }),
      ...(untilMs !== undefined && { untilMs }),
      ...(selectors.length > 0 && { matches: matchesOf(selectors) }),
      openOnly: flagParam(params, 'open'),
    },
  };
}

/** As in Prometheus, a series that any of the selectors takes is meant. */
function matchesOf(selectors: readonly string[]): NonNullable<EventFilter['matches']> {
  try {
    const tests = selectors.map((selector) => compileMatchers(parseMatchers(selector)));
    return (labels) => tests.some((holds) => holds(labels));
  } catch (error) {
    throw new BadRequest(`match[]: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function cut(found: number, limit: number): string[] {
  return found > limit ? [`${found - limit} of ${found} are left out; raise "limit" or narrow the question`] : [];
}

function incidentJson(incident: Incident) {
  const { anomalies } = incident;
  return {
    id: incident.id,
    group: incident.group,
    state: incident.isOpen ? 'open' : 'closed',
    start: timeText(incident.startMs),
    end: incident.isOpen ? null : timeText(incident.lastMs),
    pipelines: incident.pipelines,
    series: incident.series,
    anomalies: anomalies.length,
    highest: anomalyJson(incident.highest),
    first: anomalies.slice(0, SHOWN_ANOMALIES).map(anomalyJson),
  };
}
