// Programs that run on the hub host are imported as text (esbuild: script/build.ts, vitest: vitest.config.ts).
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.py' {
  const text: string;
  export default text;
}
