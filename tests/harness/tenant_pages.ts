// The pages that the tenant shows a person: plain forms, as a browser and a screen reader like them.

import type http from 'node:http';

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>` +
  `<body><main><h1>${title}</h1>${body}</main></body></html>`;

export function signInPage(trouble?: 'wrong'): string {
  return page(
    'Sign in to Contoso',
    `${trouble ? '<p role="alert">That is not the right password.</p>' : ''}<form method="post">
    <p><label>Account <input name="login" autocomplete="username" required></label></p>
    <p><label>Password <input name="password" type="password" required></label></p>
    <p><button type="submit">Sign in</button>
    <button type="submit" name="cancel" value="1">Cancel</button></p></form>`,
  );
}

/** `form` is the provider's own, with its field and its protection against forgery. */
export const codePage = (form: string, trouble?: string) =>
  page(
    'Enter the code',
    `${trouble ? '<p role="alert">That code is not right.</p>' : ''}${form}
    <button type="submit" form="op.deviceInputForm">Continue</button>`,
  );
export const confirmPage = (form: string) =>
  page(
    'Is this your device?',
    `${form}<button type="submit" form="op.deviceConfirmForm" autofocus>Yes, continue</button>`,
  );
export const donePage = page('The device is signed in', '<p>Go back to it.</p>');

export async function readForm(req: http.IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return new URLSearchParams(Buffer.concat(parts).toString());
}
