import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { type DashboardName, dashboardJson } from './dashboard.ts';
import { forecast } from './forecast.ts';
import { health } from './health.ts';
import { overview } from './overview.ts';
import { pipeline } from './pipeline.ts';

const DASHBOARDS: Readonly<Record<DashboardName, () => DashboardBuilder>> = { overview, pipeline, forecast, health };

/** The committed dashboards, by their path in the repository. */
export function dashboardFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(DASHBOARDS).map(([name, build]) => [`grafana/dashboards/${name}.json`, dashboardJson(build())]),
  );
}
