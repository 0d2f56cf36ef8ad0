import { expect, it } from 'vitest';
import { formatAddress, parseListenAddress } from '../../src/http/listen-address.ts';

it.each([
  ['127.0.0.1:9890', '127.0.0.1', 9890],
  ['localhost:0', 'localhost', 0],
  ['[::1]:9890', '::1', 9890],
  ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
  [':9890', undefined, 9890],
])('takes %s', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
});

it.each(['9890', '127.0.0.1', '::1:9890', 'a:b', ':70000', '[::1]', 'http://a:1', ''])('does not take %j', (text) => {
  expect(() => parseListenAddress(text)).toThrow(`listen address "${text}" must be`);
});

it.each([
  ['127.0.0.1', '127.0.0.1:80'],
  ['::', '[::]:80'],
])('writes %s as in a URL', (host, text) => {
  expect(formatAddress(host, 80)).toBe(text);
});
