import { afterEach, describe, expect, it } from 'vitest';
import { TokenSource } from '../../../src/adapters/http/oauth2.ts';
import { openHttpClient } from '../../../src/adapters/http.ts';
import { httpSettings, type Script, serve } from '../../support/loopback.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

const settings = {
  clientId: 'id&x',
  clientSecret: { value: 's:1' },
  scopes: ['read', 'more'],
  tokenUrl: 'http://auth.example/token',
  endpointParams: { audience: 'metrics' },
};
const codes = { unavailable: 'datasource_unavailable', auth: 'datasource_auth' } as const;

/** A token endpoint in a function: gives out t1, t2 … for an hour each. */
function endpoint(status = 200) {
  const asked: { headers: Readonly<Record<string, string>>; form: string }[] = [];
  const exchange = async (_: string, headers: Readonly<Record<string, string>>, form: string) => {
    asked.push({ headers, form });
    const text = JSON.stringify({ access_token: `t${asked.length}`, token_type: 'bearer', expires_in: 3600 });
    return { status, text };
  };
  return { asked, exchange };
}

describe('tokens', () => {
  it('are asked for as RFC 6749 says', async () => {
    const { asked, exchange } = endpoint();
    const source = new TokenSource(settings, { exchange, codes, nowMs: () => 0 });
    expect(await source.header()).toBe('Bearer t1');
    expect(asked[0]!.form).toBe('grant_type=client_credentials&scope=read+more&audience=metrics');
    expect(asked[0]!.headers['authorization']).toBe(`Basic ${Buffer.from('id%26x:s%3A1').toString('base64')}`);
  });

  it('are kept until shortly before they expire, and shared by those who wait', async () => {
    const { asked, exchange } = endpoint();
    let nowMs = 0;
    const source = new TokenSource(settings, { exchange, codes, nowMs: () => nowMs });
    expect(await Promise.all([source.header(), source.header()])).toEqual(['Bearer t1', 'Bearer t1']);
    nowMs = 3_589_000;
    expect(await source.header()).toBe('Bearer t1');
    nowMs = 3_591_000;
    expect(await source.header()).toBe('Bearer t2');
    source.forget('Bearer t1');
    expect(await source.header()).toBe('Bearer t2');
    source.forget('Bearer t2');
    expect(await source.header()).toBe('Bearer t3');
    expect(asked).toHaveLength(3);
  });

  it('are asked for in the form where the header is refused', async () => {
    const asked: string[] = [];
    const source = new TokenSource(settings, {
      codes,
      nowMs: () => 0,
      exchange: async (_, headers, form) => {
        asked.push(form);
        if (headers['authorization'] !== undefined) return { status: 401, text: 'no' };
        return { status: 200, text: '{"access_token":"t"}' };
      },
    });
    expect(await source.header()).toBe('Bearer t');
    expect(new URLSearchParams(asked[1]).get('client_id')).toBe('id&x');
    expect(new URLSearchParams(asked[1]).get('client_secret')).toBe('s:1');
    source.forget('Bearer t');
    await source.header();
    expect(asked).toHaveLength(3);
  });

  it.each([
    [403, '{"error":"invalid_client"}', 'datasource_auth', /auth\.example.*403.*invalid_client/],
    [200, 'hello', 'datasource_auth', /not JSON/],
    [200, '{}', 'datasource_auth', /no access_token/],
    [502, '', 'datasource_unavailable', /502/],
  ])('fail on %d %s with %s', async (status, text, code, message) => {
    const source = new TokenSource(settings, { exchange: async () => ({ status, text }), codes, nowMs: () => 0 });
    await expect(source.header()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a client with oauth2', () => {
  it('fetches one token, sends it, and fetches another after a 401', async () => {
    let valid = 1;
    let given = 0;
    const script: Script = (request, response) => {
      if (request.path === '/token') response.end(JSON.stringify({ access_token: `t${++given}`, expires_in: 3600 }));
      else response.writeHead(request.headers['authorization'] === `Bearer t${valid}` ? 200 : 401).end();
    };
    const at = await serve(script);
    open.push(at);
    const client = openHttpClient(httpSettings({ oauth2: { ...settings, tokenUrl: `${at.url}/token` } }), {
      userAgent: 'openanomaly/test',
    });
    open.push(client);
    const status = async () => {
      const answer = await client.request(
        { method: 'GET', url: `${at.url}/x`, timeoutMs: 30_000 },
        new AbortController().signal,
      );
      await answer.text(10);
      return answer.status;
    };
    expect([await status(), await status()]).toEqual([200, 200]);
    valid = 2;
    expect([await status(), await status()]).toEqual([401, 200]);
    expect(given).toBe(2);
  });
});
