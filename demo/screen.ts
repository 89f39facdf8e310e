// How the demo looks: colours on a terminal, plain text elsewhere and with NO_COLOR.

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: string) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);

export const bold = paint('1');
export const dim = paint('2');
export const good = paint('32');
export const bad = paint('31');
const accent = paint('1;36');

export function heading(number: string, text: string): void {
  const rule = '-'.repeat(Math.max(0, 74 - text.length));
  console.log(`\n${accent(`${number}  ${text}`)} ${dim(rule)}`);
}

export function say(text: string): void {
  const start = text.startsWith('\n') ? '\n' : '';
  console.log(`${start}  ${text.trimStart()}`);
}

export function indent(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`      ${line}`);
}

/** A name and its values, several on a line, broken where the screen would end. */
export function pairs(name: string, values: Record<string, unknown>): void {
  let line = `        ${name.padEnd(10)}`;
  let width = line.length;
  for (const [key, value] of Object.entries(values)) {
    const length = key.length + String(value).length + 3;
    if (width > 18 && width + length > 104) {
      console.log(line.trimEnd());
      line = ' '.repeat(18);
      width = 18;
    }
    line += `${dim(key)} ${value}  `;
    width += length;
  }
  console.log(line.trimEnd());
}
