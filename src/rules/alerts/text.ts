/** Texts of alerts in Go's template language, as Prometheus and vmalert expand it. */

/** A PromQL string. JSON's escapes are a part of Go's. */
export function promqlString(text: string): string {
  return JSON.stringify(text);
}

/** Text that shall come out of a template as it is. */
export function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

/**
 * The labels of the alert as a selector, for `latest`, without the name of the family that some expressions keep. Names
 * are legacy names, values are quoted as Go quotes.
 */
export const SELECTOR =
  '{{ $series := "" }}{{ range $name, $text := $labels }}{{ if ne $name "__name__" }}' +
  '{{ if $series }}{{ $series = printf "%s,%s=%q" $series $name $text }}' +
  '{{ else }}{{ $series = printf "%s=%q" $name $text }}{{ end }}{{ end }}{{ end }}';

/** The newest value of a family for the series of the alert. Stands after SELECTOR. */
export function latest(family: string): string {
  return `{{ with printf "${family}{%s}" $series | query }}{{ . | first | value | humanize }}{{ else }}unknown{{ end }}`;
}

/** A regular expression, RE2's as well, that matches the text alone. */
export function promqlRegexp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
