import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Where each dashboard is to be found, for good: links and bookmarks name the uid. */
export const UIDS = {
  overview: 'openanomaly-overview',
  pipeline: 'openanomaly-pipeline',
  forecast: 'openanomaly-forecast',
  health: 'openanomaly-health',
} as const;

export type DashboardName = keyof typeof UIDS;

/**
 * The version of the JSON that Grafana 11.0 writes. It loads as it is there, and newer ones bring it up to theirs; the
 * other way round is not promised.
 */
const SCHEMA_VERSION = 39;

const TAG = 'openanomaly';

/** A dashboard with what all have in common: a stable uid, links to the others, one crosshair, no edits in place. */
export function dashboard(
  name: DashboardName,
  { title, description, from }: { title: string; description: string; from: string },
): DashboardBuilder {
  return new DashboardBuilder(`OpenAnomaly / ${title}`)
    .id(null)
    .uid(UIDS[name])
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .time({ from, to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('OpenAnomaly')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(false),
    );
}

/** The JSON that Grafana loads. Panels are numbered in their order, so that links to one stay as long as the order does. */
export function dashboardJson(builder: DashboardBuilder): string {
  const built: Dashboard = { ...builder.build(), schemaVersion: SCHEMA_VERSION };
  const panels = (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 }));
  return `${JSON.stringify({ ...built, panels }, null, 2)}\n`;
}

/** Opens another dashboard for the row or series under the pointer, at the same times and data source. */
export function linkTo(name: DashboardName, title: string, fields: readonly string[]): { title: string; url: string } {
  const chosen = fields.map((field) => `var-${field}=\${__data.fields.${field}}`);
  const query = [`\${datasource:queryparam}`, ...chosen, `\${__url_time_range}`].join('&');
  return { title, url: `/d/${UIDS[name]}?${query}` };
}
