// The bytes of smuggling.test.ts. A case is a request with a valid token and body that is wrong or
// odd in one place, usually followed by a second whole request that a laxer reader would see.

export interface Case {
  group: string;
  what: string;
  bytes: (token: string, body: string) => Buffer | string;
  /** How many requests there truly are: the most answers that may come. */
  requests?: number;
  /** How many of them may reach the provider, where that is fewer. */
  reach?: number;
  /** `refuses`: an error or a closed door, nothing sent on, nothing read behind it. */
  ours?: 'refuses' | 'serves';
  /** The exact answers. */
  answers?: number[];
  /** Why ours may send on what this neighbour refuses. */
  laxer?: { nginx?: string; haproxy?: string };
}

type Make = (token: string, body: string) => Buffer | string;

const bearer = (token: string) => `Authorization: Bearer ${token}\r\n`;
const json = 'Content-Type: application/json\r\n';
const sized = (body: string) => `Content-Length: ${body.length}\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const chunks = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** A request with these fields and everything behind its head as given. */
function post(token: string, fields: string, rest: string, line = 'POST /v1/messages HTTP/1.1'): string {
  return `${line}\r\nHost: gateway.test\r\n${bearer(token)}${json}${fields}\r\n${rest}`;
}
/** A whole second request, for whoever sees it. */
function second(token: string, body: string): string {
  return post(token, `X-Second: yes\r\n${sized(body)}`, body);
}

const withLine =
  (line: string): Make =>
  (token, body) =>
    post(token, sized(body), body, line);
/** One field more, before the length. */
const withField =
  (field: string | Buffer): Make =>
  (token, body) => {
    const before = `POST /v1/messages HTTP/1.1\r\nHost: gateway.test\r\n${bearer(token)}${json}`;
    const behind = `\r\n${sized(body)}\r\n${body}`;
    return Buffer.concat([Buffer.from(before), Buffer.from(field as string, 'latin1'), Buffer.from(behind)]);
  };
const withHost =
  (host: string): Make =>
  (token, body) =>
    `POST /v1/messages HTTP/1.1\r\n${host}${bearer(token)}${json}${sized(body)}\r\n${body}`;
/** The length in this form; behind the body stands a second request. */
const withLength =
  (length: (size: number) => string): Make =>
  (token, body) =>
    post(token, length(body.length), body + second(token, body));
/** This transfer coding over well-formed chunks, and a second request behind them. */
const withCoding =
  (field: string): Make =>
  (token, body) =>
    post(token, `${field}\r\n`, chunks(body) + second(token, body));
/** This coding and a length that ends behind the last chunk's zero: the classic. */
const withBoth =
  (fields: (length: string) => string): Make =>
  (token, body) => {
    const inner = `0\r\n\r\n${second(token, body)}`;
    return post(token, fields(`Content-Length: ${inner.length}`), inner);
  };
/** A chunked body written by the case itself, then a second request. */
const withChunks =
  (rest: (body: string, size: string) => string): Make =>
  (token, body) =>
    post(token, chunked, rest(body, body.length.toString(16)) + second(token, body));
const withTrailer = (trailer: string): Make =>
  withChunks((body, size) => `${size}\r\n${body}\r\n0\r\n${trailer}\r\n\r\n`);

function all(group: string, ours: Case['ours'], rows: [string, Make][], more: Partial<Case> = {}): Case[] {
  return rows.map(([what, bytes]) => ({ group, what, bytes, ours, ...more }));
}

const lines: Case[] = [
  ...all('line ends', 'refuses', [
    ['bare LF throughout', (t, b) => post(t, sized(b), '').replaceAll('\r\n', '\n') + b],
    ['bare LF after one field', withField('X-A: 1\nX-B: 2')],
    ['bare LF ends the head', (t, b) => `${post(t, sized(b), '').slice(0, -2)}\n${b}`],
    ['two bare LF end the head', (t, b) => `${post(t, sized(b), '').slice(0, -4)}\n\n${b}`],
    ['bare CR throughout', (t, b) => post(t, sized(b), '').replaceAll('\r\n', '\r') + b],
    ['CR CR LF after a field', withField('X-A: 1\r')],
    ['a CR in a value', withField('X-A: 1\rTransfer-Encoding: chunked')],
    ['a LF in a value', withField('X-A: 1\nTransfer-Encoding: chunked')],
    ['LF CR', withField('X-A: 1\n\rX-B: 2')],
    ['a blank before the request line', (t, b) => ` ${post(t, sized(b), b)}`],
    ['a bare LF before the request line', (t, b) => `\n${post(t, sized(b), b)}`],
    ['an empty line before the request line', (t, b) => `\r\n${post(t, sized(b), b)}`],
    ['a folded value, blank', withField('X-A: 1\r\n X-B: 2')],
    ['a folded value, tab', withField('X-A: 1\r\n\tX-B: 2')],
    ['a fold of nothing but blanks', withField('X-A: 1\r\n \r\nX-B: 2')],
    ['a fold before the first field', (t, b) => `POST /v1/messages HTTP/1.1\r\n Host: a\r\nHost: b\r\n${bearer(t)}${sized(b)}\r\n${b}`],
  ]),
  ...all('request line', 'refuses', [
    ['two blanks before the target', withLine('POST  /v1/messages HTTP/1.1')],
    ['two blanks before the version', withLine('POST /v1/messages  HTTP/1.1')],
    ['a blank behind the version', withLine('POST /v1/messages HTTP/1.1 ')],
    ['a tab as separator', withLine('POST\t/v1/messages HTTP/1.1')],
    ['a tab before the version', withLine('POST /v1/messages\tHTTP/1.1')],
    ['a vertical tab as separator', withLine('POST\x0b/v1/messages HTTP/1.1')],
    ['a blank in the target', withLine('POST /v1/mess ages HTTP/1.1')],
    ['a version in the target', withLine('POST /v1/messages HTTP/1.1 HTTP/1.1')],
    ['no version', withLine('POST /v1/messages')],
    ['HTTP/0.9, one line', () => 'GET /v1/models\r\n'],
    ['HTTP/0.9 by name', withLine('POST /v1/messages HTTP/0.9')],
    ['HTTP/1.2', withLine('POST /v1/messages HTTP/1.2')],
    ['HTTP/1.10', withLine('POST /v1/messages HTTP/1.10')],
    ['HTTP/01.1', withLine('POST /v1/messages HTTP/01.1')],
    ['HTTP/2.0', withLine('POST /v1/messages HTTP/2.0')],
    ['HTTP/11', withLine('POST /v1/messages HTTP/11')],
    ['http/1.1 in small letters', withLine('POST /v1/messages http/1.1')],
    ['another protocol', withLine('POST /v1/messages RTSP/1.0')],
    ['a version with a letter behind', withLine('POST /v1/messages HTTP/1.1x')],
    ["HTTP/2's first words", () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
    ['no target', withLine('POST HTTP/1.1')],
    ['a target without a slash', withLine('POST v1/messages HTTP/1.1')],
    ['an asterisk', withLine('OPTIONS * HTTP/1.1')],
    ['CONNECT to an authority', withLine('CONNECT api.example:443 HTTP/1.1')],
    ['absolute, our host', withLine('POST http://gateway.test/v1/messages HTTP/1.1')],
    ['absolute, another host', withLine('POST http://other.test/v1/messages HTTP/1.1')],
    ['absolute, https', withLine('POST https://gateway.test/v1/messages HTTP/1.1')],
    ['absolute, a user before the host', withLine('POST http://a:b@gateway.test/v1/messages HTTP/1.1')],
    ['absolute, no path', withLine('POST http://gateway.test HTTP/1.1')],
    ['a fragment', withLine('POST /v1/messages#part HTTP/1.1')],
    ['a backslash', withLine('POST \\v1\\messages HTTP/1.1')],
    ['a zero byte in the target', withLine('POST /v1/messages\0 HTTP/1.1')],
    ['a control byte in the target', withLine('POST /v1/messages?\x01 HTTP/1.1')],
    ['DEL in the target', withLine('POST /v1/messages?\x7f HTTP/1.1')],
    ['a byte beyond ASCII in the target', (t, b) => Buffer.from(post(t, sized(b), b, 'POST /v1/messages?\xe9 HTTP/1.1'), 'latin1')],
    ['a CR in the target', withLine('POST /v1/messages\r HTTP/1.1')],
    ['a LF in the target', withLine('POST /v1/messages\nX: HTTP/1.1')],
    ['a method with a control byte', withLine('PO\x01ST /v1/messages HTTP/1.1')],
    ['a method with a colon', withLine('POST: /v1/messages HTTP/1.1')],
    ['no method', withLine(' /v1/messages HTTP/1.1')],
    ['a digit as method', withLine('1 /v1/messages HTTP/1.1')],
    ['a target of 9 KB', withLine(`POST /v1/messages?${'a'.repeat(9000)} HTTP/1.1`)],
  ]),
  // Well-formed requests that are none of ours: one answer, nothing sent on, the next one is read.
  ...[
    'post /v1/messages HTTP/1.1',
    'P0ST /v1/messages HTTP/1.1',
    'TRACE /v1/messages HTTP/1.1',
    'CONNECT /v1/messages HTTP/1.1',
    'PUT /v1/messages HTTP/1.1',
    'POSTPOSTPOSTPOST /v1/messages HTTP/1.1',
    'POST //v1/messages HTTP/1.1',
    'POST /v1//messages HTTP/1.1',
    'POST /v1/./messages HTTP/1.1',
    'POST /v1/../v1/messages HTTP/1.1',
    'POST /v1/messages/ HTTP/1.1',
    'POST /v1/messages;a HTTP/1.1',
    'POST /v1/messages%00 HTTP/1.1',
    'POST /v1/messages%0d%0aX: HTTP/1.1'.replace(': ', ' '),
    'POST /v1%2fmessages HTTP/1.1',
    'POST /V1/Messages HTTP/1.1',
  ].map((line): Case => ({ group: 'none of ours', what: line, bytes: withLine(line), reach: 0 })),
];

const hosts: Case[] = [
  ...all('host', 'refuses', [
    ['none', withHost('')],
    ['two that are the same', withHost('Host: a\r\nHost: a\r\n')],
    ['two that differ', withHost('Host: a\r\nHost: b\r\n')],
    ['two, in other letters', withHost('Host: a\r\nhOST: b\r\n')],
    ['empty', withHost('Host: \r\n')],
    ['a blank inside', withHost('Host: a b\r\n')],
    ['a list', withHost('Host: a, b\r\n')],
    ['a path', withHost('Host: a/v1\r\n')],
    ['a user', withHost('Host: u@a\r\n')],
    ['a question mark', withHost('Host: a?b\r\n')],
    ['a zero byte', withHost('Host: a\0b\r\n')],
    ['a control byte', withHost('Host: a\x01\r\n')],
    ['a quote', withHost('Host: "a"\r\n')],
    ['a scheme', withHost('Host: http://a\r\n')],
    ['a port that is none', withHost('Host: a:b\r\n')],
    ['a port too large', withHost('Host: a:99999\r\n')],
    ['two ports', withHost('Host: a:1:2\r\n')],
    ['half a bracket', withHost('Host: [::1\r\n')],
    ['a bracket inside', withHost('Host: a[b]\r\n')],
    ['only a port', withHost('Host: :80\r\n')],
    ['a percent sign', withHost('Host: a%00b\r\n')],
    ['300 letters', withHost(`Host: ${'a'.repeat(300)}\r\n`)],
    ['HTTP/1.0 with two', (t, b) => post(t, `Host: b\r\n${sized(b)}`, b, 'POST /v1/messages HTTP/1.0')],
  ]),
  ...all('host', 'serves', [
    ['with a port', withHost('Host: a:8443\r\n')],
    ['an IPv6 address', withHost('Host: [::1]:8443\r\n')],
  ]),
];

const lengths: Case[] = [
  ...all('length', 'refuses', [
    ['two that differ', withLength((n) => `Content-Length: ${n}\r\nContent-Length: 0\r\n`)],
    ['two that differ, the other way', withLength((n) => `Content-Length: 0\r\nContent-Length: ${n}\r\n`)],
    ['two that are the same', withLength((n) => `Content-Length: ${n}\r\nContent-Length: ${n}\r\n`)],
    ['a list of the same', withLength((n) => `Content-Length: ${n}, ${n}\r\n`)],
    ['a list that differs', withLength((n) => `Content-Length: ${n}, 0\r\n`)],
    ['a comma behind', withLength((n) => `Content-Length: ${n},\r\n`)],
    ['a plus sign', withLength((n) => `Content-Length: +${n}\r\n`)],
    ['a minus sign', withLength((n) => `Content-Length: -${n}\r\n`)],
    ['minus nothing', withLength(() => 'Content-Length: -0\r\n')],
    ['hexadecimal', withLength((n) => `Content-Length: 0x${n.toString(16)}\r\n`)],
    ['empty', withLength(() => 'Content-Length:\r\n')],
    ['only blanks', withLength(() => 'Content-Length:   \r\n')],
    ['a blank inside', withLength((n) => `Content-Length: ${n} 0\r\n`)],
    ['a point', withLength((n) => `Content-Length: ${n}.0\r\n`)],
    ['an exponent', withLength((n) => `Content-Length: ${n}e0\r\n`)],
    ['a letter behind', withLength((n) => `Content-Length: ${n}a\r\n`)],
    ['quotes', withLength((n) => `Content-Length: "${n}"\r\n`)],
    ['a tab before', withLength((n) => `Content-Length: \t ${n}\r\n`)],
    ['a tab behind', withLength((n) => `Content-Length: ${n} \t\r\n`)],
    ['a vertical tab before', withLength((n) => `Content-Length: \x0b${n}\r\n`)],
    ['a form feed behind', withLength((n) => `Content-Length: ${n}\x0c\r\n`)],
    ['a zero byte behind', withLength((n) => `Content-Length: ${n}\0\r\n`)],
    ['2^64 and a little', withLength((n) => `Content-Length: ${2n ** 64n + BigInt(n)}\r\n`)],
    ['2^32 and a little, refused as too much', withLength((n) => `Content-Length: ${2n ** 32n + BigInt(n)}\r\n`)],
    ['2^63', withLength(() => `Content-Length: ${2n ** 63n}\r\n`)],
    ['2^63 - 1', withLength(() => `Content-Length: ${2n ** 63n - 1n}\r\n`)],
    ['forty digits', withLength(() => `Content-Length: ${'9'.repeat(40)}\r\n`)],
    ['a hundred zeros before', withLength((n) => `Content-Length: ${'0'.repeat(100)}${n}\r\n`)],
    ['a blank before the colon', withLength((n) => `Content-Length : ${n}\r\n`)],
    ['a tab before the colon', withLength((n) => `Content-Length\t: ${n}\r\n`)],
    ['a zero byte in the name', withLength((n) => `Content-Length\0: ${n}\r\n`)],
    ['folded', withLength((n) => `Content-Length:\r\n ${n}\r\n`)],
    ['one that never comes', (t, b) => post(t, `Content-Length: ${b.length + 1}\r\n`, b)],
  ]),
  ...all('length', 'serves', [
    ['with zeros before', withLength((n) => `Content-Length: 000${n}\r\n`)],
    ['with blanks around', withLength((n) => `Content-Length:   ${n}  \r\n`)],
    ['in other letters', withLength((n) => `cONTENT-lENGTH:${n}\r\n`)],
  ], { requests: 2 }),
  // With an underscore it is another field: no length, no body, so what follows is no request.
  { group: 'length', what: 'an underscore in the name', reach: 1, requests: 2,
    bytes: withLength((n) => `Content_Length: ${n}\r\n`) },
  { group: 'length', what: 'shorter than the body: the rest is no request', requests: 2, reach: 0,
    bytes: (t, b) => post(t, `Content-Length: ${b.length - 1}\r\n`, b) },
];

const codings: Case[] = [
  ...all('coding', 'refuses', [
    ['x before', withCoding('Transfer-Encoding: xchunked')],
    ['x behind', withCoding('Transfer-Encoding: chunkedx')],
    ['half of it', withCoding('Transfer-Encoding: chunk')],
    ['quotes', withCoding('Transfer-Encoding: "chunked"')],
    ['a parameter', withCoding('Transfer-Encoding: chunked;q=1')],
    ['twice in a list', withCoding('Transfer-Encoding: chunked, chunked')],
    ['twice in two fields', withCoding('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
    ['identity', withCoding('Transfer-Encoding: identity')],
    ['identity first', withCoding('Transfer-Encoding: identity, chunked')],
    ['identity last', withCoding('Transfer-Encoding: chunked, identity')],
    ['identity in a second field', withCoding('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity')],
    ['gzip first', withCoding('Transfer-Encoding: gzip, chunked')],
    ['gzip last', withCoding('Transfer-Encoding: chunked, gzip')],
    ['gzip', withCoding('Transfer-Encoding: gzip')],
    ['a comma before', withCoding('Transfer-Encoding: ,chunked')],
    ['a comma behind', withCoding('Transfer-Encoding: chunked,')],
    ['empty', withCoding('Transfer-Encoding:')],
    ['empty, then chunked', withCoding('Transfer-Encoding:\r\nTransfer-Encoding: chunked')],
    ['a tab before', withCoding('Transfer-Encoding: \tchunked')],
    ['a tab behind', withCoding('Transfer-Encoding: chunked\t')],
    ['a vertical tab before', withCoding('Transfer-Encoding: \x0bchunked')],
    ['a vertical tab behind', withCoding('Transfer-Encoding: chunked\x0b')],
    ['a form feed before', withCoding('Transfer-Encoding: \x0cchunked')],
    ['a zero byte behind', withCoding('Transfer-Encoding: chunked\0')],
    ['a zero byte in the name', withCoding('Transfer-Encoding\0: chunked')],
    ['a blank before the colon', withCoding('Transfer-Encoding : chunked')],
    ['a tab before the colon', withCoding('Transfer-Encoding\t: chunked')],
    ['folded', withCoding('Transfer-Encoding:\r\n chunked')],
    ['folded behind', withCoding('Transfer-Encoding: chunked\r\n , identity')],
    ['behind a CR', withCoding('X-A: 1\rTransfer-Encoding: chunked')],
    ['behind a LF', withCoding('X-A: 1\nTransfer-Encoding: chunked')],
    ['a letter beyond ASCII', (t, b) => Buffer.from(post(t, 'Transfer-Encoding: chun\u212aed\r\n', chunks(b) + second(t, b)))],
  ]),
  ...all('coding', 'serves', [
    ['chunked', withCoding('Transfer-Encoding: chunked')],
    ['in other letters', withCoding('tRANSFER-eNCODING: ChUnKeD')],
    ['blanks around', withCoding('Transfer-Encoding:   chunked  ')],
  ], { requests: 2 }),
  ...all('coding and length', 'refuses', [
    ['both', withBoth((length) => `Transfer-Encoding: chunked\r\n${length}\r\n`)],
    ['both, the length first', withBoth((length) => `${length}\r\nTransfer-Encoding: chunked\r\n`)],
    ['both, in other letters', withBoth((length) => `transfer-ENCODING: CHUNKED\r\n${length}\r\n`)],
    ['both, length nothing', withBoth(() => 'Transfer-Encoding: chunked\r\nContent-Length: 0\r\n')],
    ['both, a coding nobody knows', withBoth((length) => `Transfer-Encoding: cow\r\n${length}\r\n`)],
    ['both, identity', withBoth((length) => `Transfer-Encoding: identity\r\n${length}\r\n`)],
    ['both, coding with a blank before the colon', withBoth((length) => `Transfer-Encoding : chunked\r\n${length}\r\n`)],
    ['both, coding folded', withBoth((length) => `${length}\r\nTransfer-Encoding:\r\n chunked\r\n`)],
    ['both, coding behind a LF', withBoth((length) => `X-A: 1\nTransfer-Encoding: chunked\r\n${length}\r\n`)],
    ['both, coding behind a CR', withBoth((length) => `X-A: 1\rTransfer-Encoding: chunked\r\n${length}\r\n`)],
    ['both, coding empty', withBoth((length) => `Transfer-Encoding:\r\n${length}\r\n`)],
    ['both, the coding taken back', withBoth((length) => `Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n${length}\r\n`)],
  ]),
  // In HTTP/1.0 there are no chunks (RFC 9112 6.1).
  { group: 'coding', what: 'chunked in HTTP/1.0', ours: 'refuses',
    bytes: (t, b) => post(t, chunked, chunks(b) + second(t, b), 'POST /v1/messages HTTP/1.0') },
  // Another field: no coding, so no body, and the chunks that follow are no request.
  { group: 'coding', what: 'an underscore in the name', requests: 2, reach: 0,
    bytes: withCoding('Transfer_Encoding: chunked') },
  { group: 'coding', what: 'the length taken back by Connection', ours: 'serves', requests: 2,
    bytes: (t, b) => post(t, `Connection: content-length\r\n${sized(b)}`, b + second(t, b)) },
];

const chunkCases: Case[] = [
  ...all('chunks', 'refuses', [
    ['thirty zeros before the size', withChunks((b, n) => `${'0'.repeat(30)}${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['an extension', withChunks((b, n) => `${n};a=b\r\n${b}\r\n0\r\n\r\n`)],
    ['an empty extension', withChunks((b, n) => `${n};\r\n${b}\r\n0\r\n\r\n`)],
    ['an extension on the last', withChunks((b, n) => `${n}\r\n${b}\r\n0;a=b\r\n\r\n`)],
    ['a LF in an extension', withChunks((b, n) => `${n};a\n${b}\r\n0\r\n\r\n`)],
    ['a CR in an extension', withChunks((b, n) => `${n};a\rb\r\n${b}\r\n0\r\n\r\n`)],
    ['a LF in a quoted extension', withChunks((b, n) => `${n};a="\n"\r\n${b}\r\n0\r\n\r\n`)],
    ['a line end in a quoted extension', withChunks((b, n) => `${n};a="\r\n"\r\n${b}\r\n0\r\n\r\n`)],
    ['a zero byte in an extension', withChunks((b, n) => `${n};a=\0\r\n${b}\r\n0\r\n\r\n`)],
    ['a blank before the size', withChunks((b, n) => ` ${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['a blank behind the size', withChunks((b, n) => `${n} \r\n${b}\r\n0\r\n\r\n`)],
    ['a tab behind the size', withChunks((b, n) => `${n}\t\r\n${b}\r\n0\r\n\r\n`)],
    ['a blank and a number behind', withChunks((b, n) => `${n} 0\r\n${b}\r\n0\r\n\r\n`)],
    ['0x before the size', withChunks((b, n) => `0x${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['a plus sign', withChunks((b, n) => `+${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['a minus sign', withChunks((b, n) => `-${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['an underscore in the size', withChunks((b, n) => `${n[0]}_${n.slice(1)}\r\n${b}\r\n0\r\n\r\n`)],
    ['a letter that is no digit', withChunks((b, n) => `${n}g\r\n${b}\r\n0\r\n\r\n`)],
    ['a zero byte behind the size', withChunks((b, n) => `${n}\0\r\n${b}\r\n0\r\n\r\n`)],
    ['no size', withChunks((b) => `\r\n${b}\r\n0\r\n\r\n`)],
    ['a comma', withChunks((b, n) => `${n},${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['2^64 and a little', withChunks((b) => `1${b.length.toString(16).padStart(16, '0')}\r\n${b}\r\n0\r\n\r\n`)],
    ['2^64 - 1', withChunks((b) => `ffffffffffffffff\r\n${b}\r\n0\r\n\r\n`)],
    ['2^63', withChunks((b) => `8000000000000000\r\n${b}\r\n0\r\n\r\n`)],
    ['2^32 and a little', withChunks((b) => `1${b.length.toString(16).padStart(8, '0')}\r\n${b}\r\n0\r\n\r\n`)],
    ['seventeen digits', withChunks((b) => `fffffffffffffffff\r\n${b}\r\n0\r\n\r\n`)],
    ['a bare LF behind the size', withChunks((b, n) => `${n}\n${b}\r\n0\r\n\r\n`)],
    ['a bare CR behind the size', withChunks((b, n) => `${n}\r${b}\r\n0\r\n\r\n`)],
    ['CR CR LF behind the size', withChunks((b, n) => `${n}\r\r\n${b}\r\n0\r\n\r\n`)],
    ['a bare LF behind the bytes', withChunks((b, n) => `${n}\r\n${b}\n0\r\n\r\n`)],
    ['a bare CR behind the bytes', withChunks((b, n) => `${n}\r\n${b}\r0\r\n\r\n`)],
    ['nothing behind the bytes', withChunks((b, n) => `${n}\r\n${b}0\r\n\r\n`)],
    ['two letters behind the bytes', withChunks((b, n) => `${n}\r\n${b}XX0\r\n\r\n`)],
    ['fewer bytes than said', withChunks((b) => `${(b.length + 1).toString(16)}\r\n${b}\r\n0\r\n\r\n`)],
    ['more bytes than said', withChunks((b) => `${(b.length - 1).toString(16)}\r\n${b}\r\n0\r\n\r\n`)],
    ['a bare LF behind the last size', withChunks((b, n) => `${n}\r\n${b}\r\n0\n\r\n`)],
    ['a bare LF as last line', withChunks((b, n) => `${n}\r\n${b}\r\n0\r\n\n`)],
    ['two bare LF at the end', withChunks((b, n) => `${n}\r\n${b}\r\n0\n\n`)],
    ['bare LF throughout', withChunks((b, n) => `${n}\n${b}\n0\n\n`)],
    ['a size line of 20 KB', withChunks((b, n) => `${'0'.repeat(20_000)}${n}\r\n${b}\r\n0\r\n\r\n`)],
    ['no end', (t, b) => post(t, chunked, `${b.length.toString(16)}\r\n${b}\r\n`)],
  ]),
  ...all('chunks', 'serves', [
    ['a size in capitals', withChunks((b, n) => `${n.toUpperCase()}\r\n${b}\r\n0\r\n\r\n`)],
    ['a size of sixteen digits', withChunks((b, n) => `${n.padStart(16, '0')}\r\n${b}\r\n0\r\n\r\n`)],
    ['a last size of three zeros', withChunks((b, n) => `${n}\r\n${b}\r\n000\r\n\r\n`)],
    ['single bytes', withChunks((b) => `${[...b].map((c) => `1\r\n${c}\r\n`).join('')}0\r\n\r\n`)],
  ], { requests: 2 }),
  ...all('trailers', 'refuses', [
    ['a harmless one', withTrailer('X-A: 1')],
    ['a length', withTrailer('Content-Length: 5')],
    ['a coding', withTrailer('Transfer-Encoding: chunked')],
    ['a host', withTrailer('Host: other.test')],
    ['a credential', withTrailer('Authorization: Bearer x')],
    ['a trailer of the trailer', withTrailer('Trailer: X-A')],
    ['a connection', withTrailer('Connection: close')],
    ['a blank before the colon', withTrailer('X-A : 1')],
    ['no colon', withTrailer('X-A')],
    ['no name', withTrailer(': 1')],
    ['a folded line', withTrailer('X-A: 1\r\n X-B: 2')],
    ['a bare LF', withTrailer('X-A: 1\nX-B: 2')],
    ['a bare CR', withTrailer('X-A: 1\rX-B: 2')],
    ['a zero byte', withTrailer('X-A: \0')],
    ['a control byte', withTrailer('X-A: \x01')],
    ['bare LF at its end', withChunks((b, n) => `${n}\r\n${b}\r\n0\r\nX-A: 1\n\n`)],
    ['20 KB of it', withTrailer(`X-A: ${'a'.repeat(20_000)}`)],
    ['a thousand', withTrailer('X-A: 1\r\n'.repeat(1000).slice(0, -2))],
    ['a request line', withTrailer('POST /v1/messages HTTP/1.1')],
  ]),
];

const fields: Case[] = [
  ...all('fields', 'refuses', [
    ['a blank before the colon', withField('X-A : 1')],
    ['a tab before the colon', withField('X-A\t: 1')],
    ['a blank in the name', withField('X A: 1')],
    ['no name', withField(': 1')],
    ['no colon', withField('X-A')],
    ['a bracket in the name', withField('X(A): 1')],
    ['an at sign in the name', withField('X@A: 1')],
    ['a slash in the name', withField('X/A: 1')],
    ['a quote in the name', withField('"X": 1')],
    ['a zero byte in the name', withField('X\0A: 1')],
    ['a control byte in the name', withField('X\x01A: 1')],
    ['DEL in the name', withField('X\x7fA: 1')],
    ['a byte beyond ASCII in the name', withField('X\xe9A: 1')],
    ['a zero byte in the value', withField('X-A: a\0b')],
    ['a control byte in the value', withField('X-A: a\x01b')],
    ['an escape in the value', withField('X-A: a\x1b[31mb')],
    ['a vertical tab in the value', withField('X-A: a\x0bb')],
    ['DEL in the value', withField('X-A: a\x7fb')],
    ['a lone CR at its end', withField('X-A: a\r')],
    ['one of 40 KB', withField(`X-A: ${'a'.repeat(40_000)}`)],
    ['a name of 40 KB', withField(`${'a'.repeat(40_000)}: 1`)],
    ['two hundred', withField('X-A: 1\r\n'.repeat(200).slice(0, -2))],
    ['five thousand', withField('A:1\r\n'.repeat(5000).slice(0, -2))],
    ['two credentials', (t, b) => post(t, `Authorization: Bearer other\r\n${sized(b)}`, b)],
  ]),
  ...all('fields', 'serves', [
    ['a tab in the value', withField('X-A: a\tb')],
    ['bytes beyond ASCII in the value', withField('X-A: \xe9\xff')],
    ['an empty value', withField('X-A:')],
    ['a hundred', withField('X-A: 1\r\n'.repeat(100).slice(0, -2))],
    ['an upgrade to HTTP/2 that nobody takes', withField('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA')],
    ['an upgrade to WebSocket that nobody takes', withField('Connection: Upgrade\r\nUpgrade: websocket')],
    ['an expectation nobody knows', withField('Expect: tea')],
  ]),
];
// A credential too many is refused with a plain 401: the request itself is clear.
for (const one of fields) if (one.what === 'two credentials') { one.ours = undefined; one.answers = [401]; one.reach = 0; }

const bad = 'not-a-token';
const pipelines: Case[] = [
  { group: 'pipeline', what: 'two good ones', requests: 2, ours: 'serves', answers: [200, 200],
    bytes: (t, b) => post(t, sized(b), b) + second(t, b) },
  { group: 'pipeline', what: 'three, the middle one without a place', requests: 3, reach: 2, answers: [200, 404, 200],
    bytes: (t, b) => post(t, sized(b), b) + post(t, sized(b), b, 'POST /nowhere HTTP/1.1') + second(t, b) },
  { group: 'pipeline', what: 'one that is refused with its body, then a good one', requests: 2, reach: 1, answers: [401, 200],
    bytes: (t, b) => post(bad, sized(b), b) + second(t, b) },
  { group: 'pipeline', what: 'a refused body that looks like a request', requests: 1, reach: 0, answers: [401],
    bytes: (t, b) => { const inner = second(t, b); return post(bad, sized(inner), inner); } },
  { group: 'pipeline', what: 'a refused body in chunks that looks like requests', requests: 1, reach: 0, answers: [401],
    bytes: (t, b) => post(bad, chunked, chunks(second(t, b)) + second(t, b)) },
  { group: 'pipeline', what: 'a malformed one, then a good one', requests: 1, reach: 0, ours: 'refuses',
    bytes: (t, b) => post(t, 'X : 1\r\n', '') + second(t, b) },
  { group: 'pipeline', what: 'a good one, then a malformed one, then a good one', requests: 2, reach: 1, answers: [200, 400],
    bytes: (t, b) => post(t, sized(b), b) + post(t, 'X : 1\r\n', '') + second(t, b) },
  { group: 'pipeline', what: 'a GET with a body that looks like a request', requests: 1, reach: 0, answers: [200],
    bytes: (t, b) => { const inner = second(t, b); return post(t, sized(inner), inner, 'GET /v1/models HTTP/1.1'); } },
  { group: 'pipeline', what: 'a GET with a body in chunks', requests: 1, reach: 0, answers: [200],
    bytes: (t, b) => post(t, chunked, chunks(second(t, b)) + second(t, b), 'GET /v1/models HTTP/1.1') },
  { group: 'pipeline', what: 'a wrong method with a body that looks like a request', requests: 1, reach: 0, answers: [405],
    bytes: (t, b) => { const inner = second(t, b); return post(t, sized(inner), inner, 'PUT /v1/messages HTTP/1.1'); } },
  { group: 'pipeline', what: 'behind "connection: close"', requests: 1, reach: 1, answers: [200],
    bytes: (t, b) => post(t, `Connection: close\r\n${sized(b)}`, b) + second(t, b) },
  { group: 'pipeline', what: 'behind HTTP/1.0', requests: 1, reach: 1, answers: [200],
    bytes: (t, b) => post(t, sized(b), b, 'POST /v1/messages HTTP/1.0') + second(t, b) },
  { group: 'pipeline', what: 'behind HTTP/1.0 that keeps the connection', requests: 2, reach: 2, answers: [200, 200],
    bytes: (t, b) => post(t, `Connection: keep-alive\r\n${sized(b)}`, b, 'POST /v1/messages HTTP/1.0') + second(t, b) },
  { group: 'pipeline', what: 'an expectation whose body comes at once', requests: 2, reach: 2, answers: [200, 200],
    bytes: (t, b) => post(t, `Expect: 100-continue\r\n${sized(b)}`, b) + second(t, b) },
  { group: 'pipeline', what: 'a refused expectation whose body is a request', requests: 1, reach: 0, answers: [401],
    bytes: (t, b) => { const inner = second(t, b); return post(bad, `Expect: 100-continue\r\n${sized(inner)}`, inner); } },
  { group: 'pipeline', what: 'a body too large by its length, then a request', requests: 1, reach: 0, answers: [413],
    bytes: (t, b) => post(t, `Content-Length: ${(32 << 20) + 1}\r\n`, second(t, b)) },
  { group: 'pipeline', what: 'a compressed body that looks like a request', requests: 1, reach: 0, answers: [415],
    bytes: (t, b) => { const inner = second(t, b); return post(t, `Content-Encoding: gzip\r\n${sized(inner)}`, inner); } },
  { group: 'pipeline', what: 'a streamed answer, then another', requests: 2, reach: 2, answers: [200, 200],
    bytes: (t, b) => { const asked = JSON.stringify({ ...JSON.parse(b), stream: true }); return post(t, sized(asked), asked) + second(t, b); } },
  { group: 'pipeline', what: 'fifty at once', requests: 50, reach: 50, answers: Array<number>(50).fill(200),
    bytes: (t, b) => second(t, b).repeat(50) },
];

export const cases: Case[] = [...lines, ...hosts, ...lengths, ...codings, ...chunkCases, ...fields, ...pipelines];
