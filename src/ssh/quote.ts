/** One word of POSIX shell that expands to `value`, whatever is in it. Throws on NUL, which no shell can hold. */
export function shellQuote(value: string): string {
  if (value.includes('\0')) throw new TypeError('A value with a NUL byte cannot be handed to a shell.');
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Lines `NAME='value'` for a file that a host program reads with `.`. Names are upper case, as in the programs. */
export function shellAssignments(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a parameter.`);
      return `${name}=${shellQuote(value)}\n`;
    })
    .join('');
}
