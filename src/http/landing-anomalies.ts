import type { AnomalyEvent } from '../ports/event-log.ts';
import { formatLabels, withoutLabel } from '../series/labels.ts';
import { type Html, html, join } from './html.ts';
import { formatAge, formatScore, formatSpan, formatValue } from './landing-format.ts';

const DAY_MS = 86_400_000;
const SHOWN = 8;

/** Anomalies that are worth a look: the open ones and those of the last day. */
function isRecent({ ending, lastMs }: AnomalyEvent, nowMs: number): boolean {
  return ending === undefined || lastMs >= nowMs - DAY_MS;
}

/** What is anomalous and what was, open ones first, then the newest. `api` is the path below which the rest is. */
export function anomalySection(events: readonly AnomalyEvent[], { nowMs, api }: { nowMs: number; api: string }): Html {
  const recent = events.filter((event) => isRecent(event, nowMs));
  if (recent.length === 0)
    return html`<p class="calm">No anomalies within the last day. <a href="${api}/anomalies">Those before, as JSON</a></p>`;
  const isOver = ({ ending }: AnomalyEvent) => Number(ending !== undefined);
  const shown = recent.toSorted((a, b) => isOver(a) - isOver(b) || b.startMs - a.startMs).slice(0, SHOWN);
  const more = recent.length - shown.length;
  return html`<div class="wide"><table>
<caption>Anomalies of the last day <a href="${api}/anomalies">${more > 0 ? `${more} more, as JSON` : 'as JSON'}</a></caption>
<thead><tr><th scope="col">Series</th><th scope="col">State</th><th scope="col">Began</th><th scope="col">Side</th><th scope="col" class="n">Score</th><th scope="col" class="n">Value</th><th scope="col" class="n">Band</th></tr></thead>
<tbody>
${join(shown.map((event) => anomalyRow(event, nowMs)))}
</tbody>
</table></div>`;
}

/** Score, value and band are those of its worst sample. */
function anomalyRow(event: AnomalyEvent, nowMs: number): Html {
  const { pipeline, labels, direction, startMs, lastMs, ending, peak } = event;
  const began = new Date(startMs).toISOString();
  const lasted = lastMs > startMs ? html`<small>for ${formatSpan(lastMs - startMs)}</small>` : '';
  const series = formatLabels(withoutLabel(labels, 'pipeline')).replace(/^\{|\}$/g, '');
  return html`<tr class="anomaly">
<th scope="row"><span class="name">${pipeline}</span><code title="${series}">${series}</code></th>
<td data-name="State">${ending === undefined ? html`<span class="open">open</span>` : ending.replace('_', ' ')}</td>
<td data-name="Began"><time datetime="${began}" title="${began}">${formatAge(nowMs - startMs)}</time>${lasted}</td>
<td data-name="Side">${direction}</td>
<td data-name="Score" class="n">${formatScore(peak.score)}<small>${peak.view}</small></td>
<td data-name="Value" class="n">${formatValue(peak.value)}</td>
<td data-name="Band" class="n">${formatValue(peak.lower)} – ${formatValue(peak.upper)}<small>expected ${formatValue(peak.expected)}</small></td>
</tr>
`;
}
