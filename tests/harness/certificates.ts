// A certificate authority of our own and leaves for loopback, made by the openssl program.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Leaf {
  certFile: string;
  keyFile: string;
  cert: string;
  key: string;
}

export class Authority {
  readonly caFile: string;
  readonly ca: string;
  private readonly directory: string;
  private readonly keyFile: string;

  constructor(name = 'Test Authority') {
    this.directory = mkdtempSync(join(tmpdir(), 'sallyport-ca-'));
    process.on('exit', () => rmSync(this.directory, { recursive: true, force: true }));
    this.caFile = join(this.directory, 'ca.pem');
    this.keyFile = join(this.directory, 'ca.key');
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.keyFile,
      '-out',
      this.caFile,
    );
    this.ca = readFileSync(this.caFile, 'utf8');
  }

  /** A server's certificate for these names, such as `DNS:localhost` or `IP:127.0.0.1`. */
  leaf(file: string, names: string[] = ['DNS:localhost', 'IP:127.0.0.1']): Leaf {
    const at = (end: string) => join(this.directory, `${file}.${end}`);
    openssl('req', ...newKey, '-subj', `/CN=${file}`, '-keyout', at('key'), '-out', at('csr'));
    writeFileSync(at('ext'), `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      at('csr'),
      '-CA',
      this.caFile,
      '-CAkey',
      this.keyFile,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at('ext'),
      '-out',
      at('pem'),
    );
    return {
      certFile: at('pem'),
      keyFile: at('key'),
      cert: readFileSync(at('pem'), 'utf8'),
      key: readFileSync(at('key'), 'utf8'),
    };
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
