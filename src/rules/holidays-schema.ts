import { choice, list, section, text } from '../document/schema.ts';
import { WEEKDAYS } from '../forecast/calendar/days.ts';

/** The `holidays:` block of a group or pipeline. */
export const holidays = section(
  {
    dates: list(text({ description: 'A day, or several.' }), {
      description: 'Days such as `2026-12-25`, or `2026-12-24..2026-12-26` for several, both included.',
      default: [],
    }),
    files: list(text({ description: 'A file.' }), {
      description:
        'iCalendar files (`.ics`) whose events are holidays, relative to the rule file; they are watched as rule files are.',
      default: [],
    }),
    like: choice(WEEKDAYS, { description: 'The day of the week they behave as.', default: 'sunday' }),
  },
  { title: 'holidays', description: 'Days of the pipeline’s time zone that the engine `calendar` knows ahead.' },
);
