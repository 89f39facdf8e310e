// The administrator's API as the program describes it: its operations, and judges for what it
// answers (ajv, JSON Schema 2020-12).

import { execFileSync } from 'node:child_process';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { binary } from './gateway.ts';

export const roles = ['viewer', 'helpdesk', 'finance', 'auditor', 'operator', 'administrator'];
export const prefix = '/api/v1';

export interface Operation {
  id: string;
  method: string;
  /** With places: `/revocations/{id}`. */
  path: string;
  /** From the one that may least; empty: anybody who is known. */
  roles: string[];
  /** The status when it is done. */
  done: string;
  takesBody: boolean;
  document: any;
}

export function readDocument(): any {
  return JSON.parse(execFileSync(binary, ['api', 'openapi'], { encoding: 'utf8' }));
}

export function operationsOf(document: any): Operation[] {
  const all: Operation[] = [];
  for (const [path, methods] of Object.entries<any>(document.paths)) {
    for (const [method, operation] of Object.entries<any>(methods)) {
      all.push({
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        roles: operation['x-roles'],
        done: Object.keys(operation.responses).find((status) => status.startsWith('2')) ?? '',
        takesBody: operation.requestBody !== undefined,
        document: operation,
      });
    }
  }
  return all;
}

const somebody = encodeURIComponent(
  'contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7',
);
const plausible: Record<string, string> = { key: somebody, person: somebody, name: 'contoso' };

/** The operation's path below the prefix with its places filled; what is not given, plausibly. */
export function targetOf(operation: Operation, places: Record<string, string> = {}): string {
  const path = operation.path.replace(
    /\{([^}]*)\}/g,
    (_, name: string) =>
      (name in places ? encodeURIComponent(places[name]) : plausible[name]) ??
      '01997a3e-5b00-7c3d-8e4f-0123456789ab',
  );
  return prefix + path;
}

export class Judge {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly known = new Map<string, ValidateFunction>();

  /** `closed`: an answer has no member that the document does not name. */
  constructor(document: any, closed = false) {
    const copy = structuredClone(document);
    if (closed) {
      for (const [name, schema] of Object.entries<any>(copy.components.schemas))
        if (name !== 'Problem') schema.additionalProperties = false;
    }
    this.ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/);
    this.ajv.addSchema(copy, 'openapi.json');
  }

  /** What is wrong with a done answer; empty: nothing. */
  answer(operation: Operation, value: unknown): string {
    const content = operation.document.responses[operation.done].content['application/json'];
    return content.schema.$ref ? this.judge(content.schema.$ref, value) : '';
  }
  problem(value: unknown): string {
    return this.judge('#/components/schemas/Problem', value);
  }

  private judge(reference: string, value: unknown): string {
    let validate = this.known.get(reference);
    if (!validate) {
      validate = this.ajv.compile({ $ref: `openapi.json${reference}` });
      this.known.set(reference, validate);
    }
    if (validate(value)) return '';
    return this.ajv.errorsText(validate.errors, { dataVar: 'answer' }) + detailsOf(validate.errors);
  }
}

function detailsOf(errors: ValidateFunction['errors']): string {
  const named = (errors ?? []).map((error) => JSON.stringify(error.params));
  return ` ${named.join(' ')}`;
}
