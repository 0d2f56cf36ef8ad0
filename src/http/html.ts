/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly text: string;
}

/** Template tag: values are escaped, markup that was made by this tag is not. Attributes must be in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html)[]): Html {
  let text = strings[0]!;
  values.forEach((value, i) => {
    text += (typeof value === 'string' ? escapeHtml(value) : value.text) + strings[i + 1]!;
  });
  return { text };
}

export function join(parts: readonly Html[]): Html {
  return { text: parts.map((part) => part.text).join('') };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
