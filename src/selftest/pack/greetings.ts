import type { Greeting } from '../wire.ts';

interface Exchange {
  /** What is said first; empty where the server speaks first. */
  say(host: string): Buffer;
  /** Whether what came back is that kind of server. */
  answers(heard: Buffer): boolean;
}

const nothing = () => Buffer.alloc(0);
const text = (line: string) => () => Buffer.from(line, 'latin1');
const bytes = (hex: string) => () => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const starts = (pattern: RegExp) => (heard: Buffer) => pattern.test(heard.toString('latin1'));

const isTls = (heard: Buffer) =>
  heard.length >= 2 && heard[0] !== undefined && heard[0] >= 20 && heard[0] <= 23 && heard[1] === 3;

function vector(size: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length.subarray(4 - size), body]);
}

/** A TLS 1.2 ClientHello that any server answers with a record, be it an alert; the name goes along where there is one. */
function clientHello(host: string): Buffer {
  const named = /[a-z]/i.test(host) && !host.includes(':') && !host.startsWith('/');
  const name = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(host, 'latin1'))]);
  const extension = (id: number, body: Buffer) => Buffer.concat([Buffer.from([id >> 8, id & 255]), vector(2, body)]);
  const extensions = [
    ...(named ? [extension(0, vector(2, name))] : []),
    extension(10, vector(2, Buffer.from('001d00170018', 'hex'))),
    extension(11, vector(1, Buffer.from([0]))),
    extension(13, vector(2, Buffer.from('0403080404010503080505010806060102010203', 'hex'))),
  ];
  const hello = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 0x61),
    vector(1),
    vector(2, Buffer.from('c02bc02fc02cc030cca9cca8c013c014009c009d002f0035', 'hex')),
    vector(1, Buffer.from([0])),
    vector(2, ...extensions),
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), vector(3, hello)]);
  return Buffer.concat([Buffer.from('160301', 'hex'), vector(2, handshake)]);
}

/** OP_MSG `{ hello: 1, $db: "admin" }`. */
function mongoHello(): Buffer {
  const elements = Buffer.concat([
    Buffer.from('\u0010hello\0', 'latin1'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('\u0002$db\0', 'latin1'),
    Buffer.from([6, 0, 0, 0]),
    Buffer.from('admin\0', 'latin1'),
    Buffer.from([0]),
  ]);
  const document = Buffer.alloc(4 + elements.length);
  document.writeInt32LE(document.length);
  elements.copy(document, 4);
  const message = Buffer.alloc(21 + document.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2013, 12);
  document.copy(message, 21);
  return message;
}

const httpHead = (host: string) =>
  Buffer.from(
    `HEAD / HTTP/1.1\r\nHost: ${host.includes(':') ? `[${host}]` : host}\r\nConnection: close\r\n\r\n`,
    'latin1',
  );

/**
 * A QUIC packet of a version that is reserved for this (RFC 9000, 6.3 and 15): a server answers with the versions that it
 * has. It has the full size, or it would be dropped.
 */
function quicProbe(): Buffer {
  const head = Buffer.from('c01a2a3a4a08616765706f7374310861676570 6f737432'.replaceAll(' ', ''), 'hex');
  return Buffer.concat([head, Buffer.alloc(1_200 - head.length)]);
}

const EXCHANGES: Record<Greeting, Exchange> = {
  // SSLRequest: answered with one byte before any login.
  postgres: { say: bytes('00000008 04d2162f'), answers: starts(/^[SNE]/) },
  mysql: {
    say: nothing,
    answers: heard => heard.length >= 5 && (heard[4] === 10 || heard[4] === 9 || heard[4] === 255),
  },
  redis: { say: text('PING\r\n'), answers: starts(/^[+-]/) },
  mongodb: { say: mongoHello, answers: heard => heard.length >= 16 && [1, 2013].includes(heard.readInt32LE(12)) },
  tls: { say: clientHello, answers: isTls },
  http: { say: httpHead, answers: starts(/^HTTP\//) },
  ssh: { say: nothing, answers: starts(/^(?:[\s\S]*\n)?SSH-/) },
  smtp: { say: nothing, answers: starts(/^\d{3}[ -]/) },
  amqp: { say: bytes('414d5150 00000901'), answers: starts(/^(?:AMQP|\u0001\0\0)/) },
  docker: {
    say: text('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n'),
    answers: starts(/^HTTP\//),
  },
  // The HTTP/2 preface and empty SETTINGS; the server's own SETTINGS must be its first frame.
  grpc: {
    say: () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1'),
    answers: heard => heard.length >= 4 && heard[3] === 4,
  },
  // Lists identities; 12 is the list, 5 a failure (a locked agent).
  'ssh-agent': { say: bytes('00000001 0b'), answers: heard => heard[4] === 12 || heard[4] === 5 },
  'gpg-agent': { say: nothing, answers: starts(/^(?:OK|ERR)\b/) },
  dbus: { say: text('\0AUTH\r\n'), answers: starts(/^(?:REJECTED|OK|ERROR)\b/) },
  x11: { say: bytes('6c00 0b00 0000 0000 0000 0000'), answers: heard => heard.length >= 2 && (heard[0] ?? 9) <= 2 },
  // wl_display.get_registry(2): the server announces its globals as events of object 2, or an error of object 1.
  wayland: {
    say: bytes('01000000 01000c00 02000000'),
    answers: heard => heard.length >= 4 && [1, 2].includes(heard.readUInt32LE(0)),
  },
  quic: {
    say: quicProbe,
    answers: heard => heard.length >= 7 && ((heard[0] ?? 0) & 0x80) !== 0 && heard.readUInt32BE(1) === 0,
  },
  none: { say: nothing, answers: heard => heard.length > 0 },
};

/** What is said first to a server of this kind. */
export function say(greeting: Greeting, host: string): Buffer {
  return EXCHANGES[greeting].say(host);
}

/** Whether it greeted back. A TLS record counts for every kind: some server is there and speaks. */
export function greeted(greeting: Greeting, heard: Buffer): boolean {
  return heard.length > 0 && (EXCHANGES[greeting].answers(heard) || isTls(heard));
}
