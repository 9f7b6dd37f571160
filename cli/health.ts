// A container's health check: `node dist/cli/health.js {port}` fails unless the service there answers that it is well.
const response = await fetch(`http://127.0.0.1:${process.argv[2]}/health`, { signal: AbortSignal.timeout(4000) }).catch(
  () => undefined,
);
process.exit(response?.ok === true ? 0 : 1);
